"""Requests at a given rate, whether or not the server keeps up, and how long each took from when it was due.

wrk sends the next request when the previous one is finished: a stalling server then simply gets fewer requests, and the
stall hardly shows. Here requests arrive as readers do, at random times (a Poisson process), and one that has to wait
for a free connection is timed from the moment it was due.

The loop never sleeps, as timers of a millisecond would cause bursts; it needs a core to itself, and runs as a process:
`python -m benchmarks.open_loop PORT RATE SECONDS FILE`, with the same file as for wrk.
"""

import json
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.servers import Server
from benchmarks.wrk import InvalidRunError, Request

_CONNECTIONS = 128
# Until the server and its connections are warm.
_UNCOUNTED_SECONDS = 0.3
_GIVE_UP_SECONDS = 10
_BUFFER = memoryview(bytearray(1 << 18))


@dataclass(frozen=True)
class Waits:
    """Milliseconds from when requests were due until their responses were complete."""

    requests: int
    rate: float
    median: float
    p99: float
    worst: float

    @property
    def tail(self) -> float:
        return self.p99 / self.median


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = 0.0
        self._missing = -1
        self._head = b""

    def send(self, request: bytes, due: float) -> None:
        self.due, self._missing, self._head = due, -1, b""
        if self.socket.send(request) != len(request):
            raise InvalidRunError("a request did not fit into the socket's buffer")

    def is_answered(self) -> bool:
        """Read what has arrived; returns whether the response is complete. Raises `InvalidRunError` for an error."""
        # One buffer for all: a fresh one for every answer would cost more than reading it.
        length = self.socket.recv_into(_BUFFER)
        if not length:
            raise InvalidRunError("the server hung up")
        if self._missing >= 0:
            self._missing -= length
            return self._missing == 0
        self._head += bytes(_BUFFER[:length])
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._head.startswith((b"HTTP/1.1 2", b"HTTP/1.1 304")):
            raise InvalidRunError(self._head[:40].decode("latin-1"))
        self._missing = _length(self._head[:end]) - (len(self._head) - end - 4)
        return self._missing == 0


def _length(head: bytes) -> int:
    if head.startswith(b"HTTP/1.1 304"):
        return 0
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        raise InvalidRunError("an answer does not say how long it is")
    return int(head[at + 17 :].split(b"\r\n", 1)[0])


def as_sent(line: str) -> bytes:
    method, path, body, *headers = line.rstrip("\n").split("\t")
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    head += [f"{name}: {value}" for name, value in zip(headers[::2], headers[1::2], strict=True)]
    if body:
        head.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def load(port: int, rate: float, seconds: float, requests: Sequence[bytes]) -> Waits:
    """Send requests at this rate."""
    poll = select.epoll()
    connections: dict[int, Connection] = {}
    for _ in range(_CONNECTIONS):
        connection = Connection(port)
        connections[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.EPOLLIN)
    idle, waiting, waits = list(connections.values()), deque[float](), list[float]()
    random, place, under_way = Random(1), 0, 0
    begin = due = time.perf_counter()
    counted_from, end = begin + _UNCOUNTED_SECONDS, begin + _UNCOUNTED_SECONDS + seconds
    while (now := time.perf_counter()) < end or waiting or under_way:
        if now > end + _GIVE_UP_SECONDS:
            raise InvalidRunError("the server does not keep up")
        while due <= now and due < end:
            waiting.append(due)
            due += random.expovariate(rate)
        while waiting and idle:
            idle.pop().send(requests[place % len(requests)], waiting.popleft())
            place, under_way = place + 1, under_way + 1
        for number, _ in poll.poll(0):
            connection = connections[number]
            if connection.is_answered():
                if connection.due >= counted_from:
                    waits.append((time.perf_counter() - connection.due) * 1000)
                idle.append(connection)
                under_way -= 1
    for connection in connections.values():
        connection.socket.close()
    poll.close()
    waits.sort()
    return Waits(len(waits), rate, waits[len(waits) // 2], waits[len(waits) * 99 // 100], waits[-1])


def waits_at(server: Server, requests: Sequence[Request], rate: float, seconds: float, core: int) -> Waits:
    """Run the load in a process on the given core."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("\n".join(request.line() for request in requests) + "\n")
        file.flush()
        command = (
            *("taskset", "--cpu-list", str(core), sys.executable, "-m", "benchmarks.open_loop"),
            *(str(server.port), str(rate), str(seconds), file.name),
        )
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parent.parent
        )
    if done.returncode:
        raise InvalidRunError(f"{server.name} at {rate:.0f}/s: {done.stderr.strip().splitlines()[-1]}")
    return Waits(**json.loads(done.stdout))


if __name__ == "__main__":
    _, given_port, given_rate, given_seconds, file_name = sys.argv
    lines = Path(file_name).read_text().splitlines()
    found = load(int(given_port), float(given_rate), float(given_seconds), [as_sent(line) for line in lines])
    print(json.dumps(found.__dict__))
