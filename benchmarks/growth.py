"""`python -m benchmarks.growth --database sqlite|postgresql|URL`: what reads cost with a hundred times the articles.

Two corpora that differ only in the number of articles (of 150 words: a million of 1,500 would take more than 15 GB),
and cold reads from all parts of them, alternating. Creating the large one takes some minutes: see `--keep`.
"""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.corpus import Size
from benchmarks.databases import corpus, databases_at
from benchmarks.goals import growth_goals
from benchmarks.interleaving import Bench, Measurement, same
from benchmarks.machine import described
from benchmarks.operations import Operations, operations_on
from benchmarks.run import arguments, finish
from benchmarks.servers import ROOT, Launcher

_WORDS = 150
_OPERATIONS = {
    "R1": Operations.other_newest,
    "R2": Operations.other_articles,
    "R3, the tag's first pages": Operations.first_tag_pages,
    "R3, anywhere in the tag": Operations.other_tag_pages,
}


def main() -> None:
    parser = arguments()
    parser.description = __doc__
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    options = parser.parse_args()
    begin = time.perf_counter()
    databases = databases_at(options.database, options.folder)
    sizes = {"small": Size(options.small, _WORDS), "large": Size(options.large, _WORDS)}
    measurements: dict[str, Measurement] = {}
    machine = described(databases.version())
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        bench = Bench(Launcher(options.server_core, Path(name)), options.client_core, options.rounds, options.seconds)
        for label, size in sizes.items():
            made = stack.enter_context(corpus(databases, size, keep=options.keep))
            # Only read, so that no copy is needed. Without kept answers: every read goes to the database.
            app = stack.enter_context(bench.launcher.colophon(label, databases.url(made), CACHE_BYTES="0"))
            operations = operations_on(app, size)
            for operation, requests in _OPERATIONS.items():
                measurements[f"{label} {operation}"] = same(app, requests(operations))
        # Side by side, so that both meet the same moments.
        pairs = [f"{label} {operation}" for operation in _OPERATIONS for label in sizes]
        with bench.phase("growth"):
            bench.interleave({name: measurements[name] for name in pairs})
    reached = growth_goals(bench.rates, list(_OPERATIONS))
    result = {
        "machine": machine,
        "database": databases.backend,
        "sizes": {label: {**asdict(size), "comments": size.comments} for label, size in sizes.items()},
        "options": {"rounds": options.rounds, "seconds": options.seconds},
        "rates": bench.rates,
        "durations": bench.durations,
        "goals": [goal.as_json() for goal in reached],
        "lines": [goal.line() for goal in reached],
    }
    finish(result, options.output or ROOT / "docs" / "benchmarks" / f"growth-{databases.backend}.json", begin)


if __name__ == "__main__":
    main()
