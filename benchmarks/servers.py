"""Starting the servers that are measured, all on the same core, and sending them requests."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY_PATH = "/api/v1/tags?limit=1"
# Nobody who measures logs or limits: that is the same for all, and no yardstick does it.
_ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "ENVIRONMENT": "production",
    "RATE_LIMITS": "false",
    "LOG_LEVEL": "ERROR",
    "ACCESS_TOKEN_EXPIRE_SECONDS": "86400",
    "REDIS_URL": "",
}
_START_SECONDS, _SHOWN_OF_LOG = 60, 2_000
_SETTLING_SECONDS, _SETTLING_LOOKS = 0.03, 300
_UVICORN = (
    *(sys.executable, "-m", "uvicorn", "--factory", "--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "error", "--no-server-header", "--no-proxy-headers"),
)
_GRANIAN = (
    *(sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop", "--workers", "1"),
    *("--no-access-log", "--log-level", "error"),
)
APP = "app.main:app_from_environment"


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Server:
    """A running server. `started` is how many seconds it took until its first response."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    started: float

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str = "") -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body.encode() or None, dict(headers or {}))
            response = connection.getresponse()
            return Response(response.status, response.getheaders(), response.read())
        finally:
            connection.close()

    def settle(self) -> None:
        """Wait until it is idle, for at most ten seconds."""
        before = -1
        for _ in range(_SETTLING_LOOKS):
            now = sum(_ticks(number) for number in _tree(self.process.pid))
            if now == before:
                return
            before = now
            time.sleep(_SETTLING_SECONDS)


@dataclass(frozen=True)
class Launcher:
    """Starts servers on one core. `folder` is where they may write files."""

    core: int
    folder: Path
    environment: Mapping[str, str] = field(
        default_factory=lambda: {
            f"{name}_SECRET_KEY": secrets.token_urlsafe(48) for name in ("ACCESS", "RESET_PASSWORD", "VERIFICATION")
        }
    )

    @contextmanager
    def colophon(self, name: str, database_url: str, ready: str = READY_PATH, **settings: str) -> Iterator[Server]:
        """The blog as `./start.sh` runs it."""
        command = (sys.executable, "-m", "commands.serve", "--port")
        with self._running(name, command, (), ready, {"DATABASE_URL": database_url, **settings}) as server:
            yield server

    @contextmanager
    def uvicorn(self, name: str, target: str, ready: str, **environment: str) -> Iterator[Server]:
        with self._running(name, (*_UVICORN, "--port"), (target,), ready, environment) as server:
            yield server

    @contextmanager
    def granian(self, name: str, target: str, ready: str, **environment: str) -> Iterator[Server]:
        with self._running(name, (*_GRANIAN, "--port"), (target,), ready, environment) as server:
            yield server

    @contextmanager
    def _running(
        self, name: str, command: tuple[str, ...], target: tuple[str, ...], ready: str, more: Mapping[str, str]
    ) -> Iterator[Server]:
        port = free_port()
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        environment = {**inherited, **_ENVIRONMENT, "VAR_DIR": str(self.folder), **self.environment, **more}
        begin = time.perf_counter()
        log = self.folder / f"{name}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                ["taskset", "--cpu-list", str(self.core), *command, str(port), *target],
                env=environment,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        try:
            if problem := _wait(process, port, ready):
                raise SystemExit(f"{name} {problem}:\n{log.read_text()[-_SHOWN_OF_LOG:]}")
            yield Server(name, port, process, time.perf_counter() - begin)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, ready: str) -> str:
    """Wait until the server responds. Returns what is wrong if it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return "does not start"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", ready)
            response = connection.getresponse()
            response.read()
        except OSError:
            time.sleep(0.005)
            continue
        finally:
            connection.close()
        return "" if response.status < 400 else f"answers {ready} with {response.status}"  # noqa: PLR2004 - an error
    return "does not answer"


def memory_of(process_id: int) -> dict[str, float]:
    """RSS and PSS in MB of a process and its descendants; PSS counts shared memory only once."""
    totals = {"rss": 0.0, "pss": 0.0}
    for number in _tree(process_id):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            key, _, rest = line.partition(":")
            if key.lower() in totals:
                totals[key.lower()] += int(rest.split()[0]) / 1024
    return totals


def _ticks(process_id: int) -> int:
    """The processor time that a process has used, in hundredths of a second."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _tree(process_id: int) -> Iterator[int]:
    yield process_id
    for task in Path(f"/proc/{process_id}/task").iterdir():
        # A thread may have ended meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))
