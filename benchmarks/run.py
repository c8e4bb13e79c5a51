"""`python -m benchmarks.run --database sqlite|postgresql|URL`: measures everything but growth.

Prints a table and writes all measurements as JSON. Needs Linux, wrk, and two otherwise idle processor cores.
`benchmarks/README.md` says what the numbers mean.
"""

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import phases, waiting
from benchmarks.corpus import Size
from benchmarks.databases import corpus, databases_at, writable_copy
from benchmarks.goals import goals
from benchmarks.interleaving import Bench
from benchmarks.machine import add_core_options, described
from benchmarks.open_loop import Waits
from benchmarks.servers import ROOT, Launcher

# What is asked of cold reads beside raw asyncpg; nothing was said of SQLite, whose driver is asked synchronously there.
_RAW_WANTED = {"postgresql": 0.6}
# Room for some fifty answers, where ten thousand different ones are asked for in turn: all but never the same again.
COLD_CACHE_BYTES = 1_000_000


def arguments() -> argparse.ArgumentParser:
    """The options that all measurements have."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="sqlite", help="sqlite, postgresql, or a PostgreSQL server's URL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each measurement in each round")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "colophon_bench")
    parser.add_argument("--keep", action="store_true", help="keep the corpus for the next run")
    parser.add_argument("--output", type=Path, help="where the JSON goes")
    add_core_options(parser)
    return parser


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    databases = databases_at(options.database, options.folder)
    size = Size(options.articles, options.words)
    result: dict[str, Any] = {
        "machine": described(databases.version()),
        "size": {**asdict(size), "comments": size.comments},
        "options": {"rounds": options.rounds, "seconds": options.seconds, "cold_cache_bytes": options.cold_cache_bytes},
        "database": databases.backend,
    }
    with tempfile.TemporaryDirectory() as name, corpus(databases, size, keep=options.keep) as made:
        bench = Bench(Launcher(options.server_core, Path(name)), options.client_core, options.rounds, options.seconds)
        with writable_copy(databases, made) as url:
            with bench.phase("warm reads"):
                result["answers"] = phases.warm(bench, url, size)
            with bench.phase("cold reads"):
                phases.cold(bench, url, size, options.cold_cache_bytes)
            with bench.phase("waits at half load"):
                waits = waiting.at_half_load(bench, url, size, options.cold_cache_bytes)
            with bench.phase("logging"):
                phases.logging(bench, url, size, options.cold_cache_bytes)
            with bench.phase("starting"):
                started = waiting.starting(bench, url)
            # From here on the database is written to.
            with bench.phase("reads during logins"):
                logins = waiting.during_logins(bench, url, size)
            with bench.phase("logged-in reads"):
                phases.logged_in(bench, url, size)
            with bench.phase("writes and the mix"):
                phases.writes(bench, url, size)
    reached = goals(
        bench.rates,
        waits,
        {who: [Waits(**each) for each in several] for who, several in logins["waits"].items()},
        started,
        _RAW_WANTED.get(databases.backend),
    )
    return result | {
        "rates": bench.rates,
        "waits": {what: [asdict(each) for each in several] for what, several in waits.items()},
        "logins": logins,
        "started": started,
        "durations": bench.durations,
        "goals": [goal.as_json() for goal in reached],
        "lines": [goal.line() for goal in reached],
    }


def finish(result: dict[str, Any], output: Path, begin: float) -> None:
    """Print the results, and write everything to the file."""
    lines = result.pop("lines")
    print("", *lines, "", sep="\n")
    if not phases.has_granian():
        print("granian is not installed (uv sync --group benchmark), so it was left out.")
    print("R4 was left out: there is no search yet.")
    print(f"All took {time.perf_counter() - begin:.0f} s; written to {output}.")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1) + "\n")


def main() -> None:
    parser = arguments()
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=1_500, help="of each article")
    parser.add_argument("--cold-cache-bytes", type=int, default=COLD_CACHE_BYTES, help="CACHE_BYTES for cold reads")
    options = parser.parse_args()
    begin = time.perf_counter()
    result = _measure(options)
    finish(result, options.output or ROOT / "docs" / "benchmarks" / f"{result['database']}.json", begin)


if __name__ == "__main__":
    main()
