"""`python -m benchmarks.writers --database sqlite|postgresql|URL`: many who write at once, and who reads meanwhile.

One writer and sixteen, a logged-in reader alone and while sixteen write, on one process and on four. `--against FOLDER`
measures another checkout of the blog in the same rounds.
"""

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from benchmarks.closed_loop import Clients, Served, served_by
from benchmarks.corpus import Size
from benchmarks.databases import corpus, databases_at, writable_copy
from benchmarks.goals import writers_goals
from benchmarks.interleaving import check
from benchmarks.machine import described
from benchmarks.operations import Operations, access_tokens, operations_on
from benchmarks.ratios import Range
from benchmarks.run import arguments, finish
from benchmarks.servers import ROOT, Launcher, Server
from benchmarks.wrk import Request

WRITERS = 16
# More than anybody writes in one measurement: no request is sent twice.
_REQUESTS_A_SECOND = 1_000
_WRITES = {"comments": Operations.new_comments, "articles": Operations.new_articles}

# By who is served, and how many kinds there are at once.
_ROWS = {
    ("one", 1): "one writer",
    ("many", 1): "16 writers",
    ("reader", 1): "reader alone",
    ("many", 2): "16 writers, with a reader",
    ("reader", 2): "reader meanwhile",
}


def _loads(operations: Operations, tokens: Sequence[str], write: str, seconds: float, run: int) -> dict[str, Clients]:
    """Who there is to be served, in the order of the measurements: name of the kind, and its clients."""
    many = round(_REQUESTS_A_SECOND * (seconds + 1))
    writes = _WRITES[write](operations, tokens, 2 * many, run)
    reads = [
        Request(request.path, {"Authorization": f"Bearer {tokens[place % len(tokens)]}"})
        for place, request in enumerate(
            each for article in operations.other_articles() for each in (article, operations.newest())
        )
    ]
    return {"one": Clients(1, writes[:many]), "many": Clients(WRITERS, writes[many:]), "reader": Clients(1, reads)}


class _Measured:
    """A server, and what was measured on it in each round."""

    def __init__(self, server: Server, size: Size) -> None:
        self.rounds: dict[str, list[Served]] = {name: [] for name in _ROWS.values()}
        self._server = server
        self._operations = operations_on(server, size)
        self._tokens = access_tokens(server, self._operations)

    def measure(self, write: str, seconds: float, core: int, run: int) -> None:
        clients = _loads(self._operations, self._tokens, write, seconds, run)
        check(self._server, clients["reader"].requests)
        for names in (("one",), ("many",), ("reader",), ("many", "reader")):
            chosen = {name: clients[name] for name in names}
            served = served_by(self._server, chosen, seconds, core)
            for name in names:
                self.rounds[_ROWS[name, len(names)]].append(served[name])


def _line(name: str, rounds: Sequence[Served]) -> str:
    rate, median, p99, worst = (
        Range.of([getattr(each, field) for each in rounds]) for field in ("rate", "median", "p99", "worst")
    )
    return (
        f"{name:34} {rate.median:7.0f}/s ({rate.low:.0f} to {rate.high:.0f})  "
        f"median {median.median:6.1f} ms, p99 {p99.median:6.1f} ms ({p99.low:.0f} to {p99.high:.0f}), "
        f"worst {worst.high:.0f} ms"
    )


def main() -> None:
    parser = arguments()
    parser.description = __doc__
    parser.add_argument("--articles", type=int, default=1_000)
    parser.add_argument("--words", type=int, default=150, help="of each article")
    parser.add_argument("--write", choices=_WRITES, default="comments")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 4], help="numbers of processes")
    parser.add_argument("--against", type=Path, help="another checkout to measure in the same rounds")
    options = parser.parse_args()
    begin = time.perf_counter()
    databases = databases_at(options.database, options.folder)
    size = Size(options.articles, options.words)
    machine = described(databases.version())
    versions = {"": ROOT} | ({"base ": options.against} if options.against else {})
    measured: dict[str, _Measured] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        made = stack.enter_context(corpus(databases, size, keep=options.keep))
        launcher = Launcher(options.server_core, Path(folder))
        for workers in options.workers:
            for version, root in versions.items():
                name = f"{version}{workers} process{'es' * (workers > 1)}"
                url = stack.enter_context(writable_copy(databases, made, f"{len(measured)}"))
                settings = {"WORKERS": str(workers), "PYTHONPATH": str(root)}
                server = stack.enter_context(launcher.colophon(name.replace(" ", "-"), url, **settings))
                measured[name] = _Measured(server, size)
        for number in range(options.rounds):
            for each in measured.values():
                each.measure(options.write, options.seconds, options.client_core, number)
    for name, each in measured.items():
        for row, rounds in each.rounds.items():
            print(_line(f"{name}, {row}", rounds))
    reached = [goal for name, each in measured.items() for goal in writers_goals(name, each.rounds)]
    result = {
        "machine": machine,
        "database": databases.backend,
        "size": {**asdict(size), "comments": size.comments},
        "options": {"rounds": options.rounds, "seconds": options.seconds, "write": options.write},
        "served": {
            name: {row: [asdict(served) for served in rounds] for row, rounds in each.rounds.items()}
            for name, each in measured.items()
        },
        "goals": [goal.as_json() for goal in reached],
        "lines": [goal.line() for goal in reached],
    }
    finish(result, options.output or ROOT / "docs" / "benchmarks" / f"writers-{databases.backend}.json", begin)


if __name__ == "__main__":
    main()
