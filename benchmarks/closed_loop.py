"""Clients that each send the next request once they have a response, of several kinds at once.

What wrk does, for readers and writers at the same time, and with every wait measured. It runs as a process:
`python -m benchmarks.closed_loop PORT SECONDS (CLIENTS FILE)…`, with the same files as for wrk.
"""

import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from benchmarks.open_loop import Connection, as_sent
from benchmarks.servers import ROOT, Server
from benchmarks.wrk import InvalidRunError, Request

# Until the server and its connections are warm.
_UNCOUNTED_SECONDS = 0.3
_GIVE_UP_SECONDS = 30


@dataclass(frozen=True)
class Clients:
    """So many clients that share these requests, in turn."""

    number: int
    requests: Sequence[Request]


@dataclass(frozen=True)
class Served:
    """What became of one kind of clients: responses per second, and milliseconds."""

    rate: float
    median: float
    p99: float
    worst: float


@dataclass
class _Kind:
    requests: Iterator[bytes]
    waits: list[float] = field(default_factory=list)


def load(port: int, seconds: float, kinds: Sequence[tuple[int, Sequence[bytes]]]) -> list[Served]:
    """Have so many clients of each kind send their requests for this time."""
    poll = select.epoll()
    clients: dict[int, tuple[Connection, _Kind]] = {}
    measured = [_Kind(cycle(requests)) for _, requests in kinds]
    begin = time.perf_counter()
    for kind, (number, _) in zip(measured, kinds, strict=True):
        for _ in range(number):
            connection = Connection(port)
            clients[connection.socket.fileno()] = connection, kind
            poll.register(connection.socket.fileno(), select.EPOLLIN)
            connection.send(next(kind.requests), time.perf_counter())
    counted_from, end = begin + _UNCOUNTED_SECONDS, begin + _UNCOUNTED_SECONDS + seconds
    waiting = len(clients)
    while waiting:
        if time.perf_counter() > end + _GIVE_UP_SECONDS:
            raise InvalidRunError("the server does not keep up")
        for number, _ in poll.poll(1):
            connection, kind = clients[number]
            if not connection.is_answered():
                continue
            now = time.perf_counter()
            if counted_from <= now < end:
                kind.waits.append((now - connection.due) * 1000)
            if now < end:
                connection.send(next(kind.requests), now)
            else:
                waiting -= 1
    for connection, _ in clients.values():
        connection.socket.close()
    poll.close()
    return [_served(kind.waits, seconds) for kind in measured]


def _served(waits: list[float], seconds: float) -> Served:
    if not waits:
        raise InvalidRunError("nobody was answered in time")
    waits.sort()
    return Served(len(waits) / seconds, waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1])


def served_by(server: Server, clients: Mapping[str, Clients], seconds: float, core: int) -> dict[str, Served]:
    """Run the clients in a process on the given core; what became of each kind of them, by name."""
    command = ["taskset", "--cpu-list", str(core), sys.executable, "-m", "benchmarks.closed_loop"]
    command += [str(server.port), str(seconds)]
    with ExitStack() as stack:
        for kind in clients.values():
            file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".tsv"))
            file.write("\n".join(request.line() for request in kind.requests) + "\n")
            file.flush()
            command += [str(kind.number), file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise InvalidRunError(f"{server.name}: {done.stderr.strip().splitlines()[-1]}")
    return {name: Served(**each) for name, each in zip(clients, json.loads(done.stdout), strict=True)}


if __name__ == "__main__":
    _, given_port, given_seconds, *given_kinds = sys.argv
    found = load(
        int(given_port),
        float(given_seconds),
        [
            (int(number), [as_sent(line) for line in Path(file_name).read_text().splitlines()])
            for number, file_name in zip(given_kinds[::2], given_kinds[1::2], strict=True)
        ],
    )
    print(json.dumps([each.__dict__ for each in found]))
