"""`python -m benchmarks.reads --database sqlite|postgresql|URL --against FOLDER`: reads, beside another checkout's.

R1, R2, R3 and R5, warm and cold, of both checkouts in the same rounds, each on a database with its own schema.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.corpus import Size
from benchmarks.databases import Databases, corpus, databases_at, writable_copy
from benchmarks.interleaving import Bench, Measurement, same
from benchmarks.machine import described
from benchmarks.operations import Operations, operations_on
from benchmarks.ratios import Goal, ratio
from benchmarks.run import COLD_CACHE_BYTES, arguments, finish
from benchmarks.servers import ROOT, Launcher
from benchmarks.wrk import Request

_AS_FAST = 0.95
_FILL = (
    "import asyncio, sys; from benchmarks.corpus import Size; from benchmarks.filling import fill; "
    "asyncio.run(fill(sys.argv[1], Size(int(sys.argv[2]), int(sys.argv[3]))))"
)


@contextmanager
def _filled_by(root: Path, databases: Databases, size: Size) -> Iterator[str]:
    """The corpus as another checkout stores it."""
    name = "colophon_bench_base"
    databases.drop(name)
    databases.create(name)
    try:
        command = [sys.executable, "-c", _FILL, databases.url(name), str(size.articles), str(size.words)]
        subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=True)
        yield databases.url(name)
    finally:
        databases.drop(name)


def _requests(operations: Operations) -> dict[str, Request | Sequence[Request]]:
    return {
        "warm R1": operations.newest(),
        "warm R2": operations.article(),
        "warm R3": operations.tag_page(),
        "warm R5": operations.comments(),
        "cold R1": operations.other_newest(),
        "cold R2": operations.other_articles(),
        "cold R3": operations.other_tag_pages(),
        "cold R5": operations.other_comments(),
    }


def _read_of(measurement: str) -> str:
    return measurement.partition(" ")[2]


def main() -> None:
    parser = arguments()
    parser.description = __doc__
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=1_500, help="of each article")
    parser.add_argument("--against", type=Path, required=True, help="another checkout to measure in the same rounds")
    options = parser.parse_args()
    begin = time.perf_counter()
    databases = databases_at(options.database, options.folder)
    size = Size(options.articles, options.words)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = Bench(Launcher(options.server_core, Path(folder)), options.client_core, options.rounds, options.seconds)
        made = stack.enter_context(corpus(databases, size, keep=options.keep))
        urls = {
            ROOT: stack.enter_context(writable_copy(databases, made)),
            options.against: stack.enter_context(_filled_by(options.against, databases, size)),
        }
        measurements: dict[str, Measurement] = {}
        for (root, url), name in zip(urls.items(), ("now", "before"), strict=True):
            for cache, settings in {"warm": {}, "cold": {"CACHE_BYTES": str(COLD_CACHE_BYTES)}}.items():
                server = stack.enter_context(
                    bench.launcher.colophon(f"{name}-{cache}", url, PYTHONPATH=str(root), **settings)
                )
                measurements |= {
                    f"{name} {read}": same(server, requests)
                    for read, requests in _requests(operations_on(server, size)).items()
                    if read.startswith(cache)
                }
        in_turn = sorted(measurements, key=_read_of)
        bench.interleave({name: measurements[name] for name in in_turn})
    ratios = {
        _read_of(name): ratio(bench.rates, name, f"before {_read_of(name)}")
        for name in bench.rates
        if name.startswith("now ")
    }
    reached = [Goal(f"{read}, now / before", each, _AS_FAST) for read, each in ratios.items()]
    result = {
        "machine": described(databases.version()),
        "database": databases.backend,
        "size": {**asdict(size), "comments": size.comments},
        "options": {"rounds": options.rounds, "seconds": options.seconds},
        "rates": bench.rates,
        "goals": [goal.as_json() for goal in reached],
        "lines": [goal.line() for goal in reached],
    }
    finish(result, options.output or Path(tempfile.gettempdir()) / f"reads-{databases.backend}.json", begin)


if __name__ == "__main__":
    main()
