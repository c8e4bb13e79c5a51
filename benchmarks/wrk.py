"""Running wrk: one thread on its own core, with connections that each send a new request after every response."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.servers import Server

CONNECTIONS = 32
_MIN_ROUNDS, _MAX_SECONDS = 4, 20
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    body: str = ""

    def line(self) -> str:
        parts = [self.method, self.path, self.body, *(part for pair in self.headers.items() for part in pair)]
        if any("\t" in part or "\n" in part for part in parts):
            raise ValueError("a request must fit on a line")
        return "\t".join(parts)


@dataclass(frozen=True)
class Load:
    """The result of one run."""

    requests: int
    microseconds: int
    bytes: int
    bad_status: int
    broken: int
    median: int
    p99: int

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.microseconds * 1e6

    @property
    def bytes_each(self) -> float:
        return self.bytes / max(1, self.requests)


class InvalidRunError(Exception):
    """A response was an error, or none came: the measurement is meaningless."""


def run(
    server: Server,
    requests: Sequence[Request],
    seconds: float,
    core: int,
    *,
    begin_at: int = 0,
    connections: int = CONNECTIONS,
) -> Load:
    """Send these requests repeatedly, for longer than `seconds` if hardly any get a response.

    Raises `InvalidRunError` unless every response is a good one.
    """
    # wrk counts in whole seconds.
    duration = max(1, round(seconds))
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("\n".join(request.line() for request in requests) + "\n")
        file.flush()
        while True:
            command = (
                *("taskset", "--cpu-list", str(core), "wrk", "--threads", "1", "--connections", str(connections)),
                *("--duration", f"{duration}s", "--timeout", "30s", "--script", str(_SCRIPT)),
                *(f"http://127.0.0.1:{server.port}", "--", file.name, str(begin_at)),
            )
            output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            load = Load(**json.loads(output.strip().splitlines()[-1]))
            # wrk leaves without its last answers.
            server.settle()
            if load.bad_status or load.broken:
                raise InvalidRunError(f"{server.name}, {requests[0].path}: {load}")
            # Of few answers those that are missing at the end would be too large a part.
            if load.requests >= _MIN_ROUNDS * connections or duration >= _MAX_SECONDS:
                break
            duration *= 3
    if not load.requests:
        raise InvalidRunError(f"{server.name} answers nothing in {duration} s: {requests[0].path}")
    return load
