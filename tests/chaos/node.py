"""A server of the blog, run as an operator would, and what can happen to it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.process.processes import SECRETS, environment, free_port

_STARTED = "Application startup complete"


def children_of(pid: int) -> Iterator[int]:
    """The processes that a process has started and that are still there."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            # It has just ended.
            continue
        if int(parent) == pid and state != "Z":
            yield int(path.parent.name)


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""


class Node:
    """`python -m commands.serve` with these settings, in a folder of its own."""

    def __init__(self, folder: Path, database_url: str, settings: Mapping[str, str], workers: int, module: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._module = module
        self._settings = {
            **SECRETS,
            "DATABASE_URL": database_url,
            "VAR_DIR": str(folder / "var"),
            "RATE_LIMITS": "false",
            "TRUSTED_PROXIES": "127.0.0.1",
            "WORKERS": str(workers),
            "PORT": str(self.port),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it was not started"
        return self._process

    @property
    def log(self) -> str:
        """What it has said since it was started last."""
        with (self.folder / "log").open(encoding="utf-8", errors="replace") as file:
            file.seek(self._log_start)
            return file.read()

    async def start(self) -> "Node":
        """Start, and return once every worker answers."""
        self._launch()
        await self.ready(self._workers)
        return self

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                cwd=self.folder,
                env=environment(**self._settings),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    async def ready(self, starts: int, within: float = 30) -> None:
        """Wait until so many workers have started and the server says that it is ready."""
        deadline = time.monotonic() + within
        async with httpx.AsyncClient(base_url=self.url) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                if self.log.count(_STARTED) >= starts and await _is_ready(client):
                    return
                await asyncio.sleep(0.05)
        pytest.fail(f"the server did not become ready; it said:\n{self.log[-5000:]}")

    def workers(self) -> list[int]:
        """The processes that answer requests, where there are several."""
        return [pid for pid in children_of(self.process.pid) if "spawn_main" in _command_of(pid)]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def exit_code(self, within: float = 20) -> int:
        return await asyncio.to_thread(self.process.wait, within)

    def kill(self) -> None:
        """All of its processes at once, as when a machine loses its power."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).status_code == 200
    except httpx.HTTPError:
        return False


class Starter:
    """Starts servers, all of which are gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nodes: list[Node] = []

    async def __call__(
        self,
        database_url: str,
        settings: Mapping[str, str] | None = None,
        *,
        workers: int = 1,
        module: str = "commands.serve",
    ) -> Node:
        node = Node(self._folder / f"node-{len(self._nodes)}", database_url, settings or {}, workers, module)
        self._nodes.append(node)
        return await node.start()

    def kill_all(self) -> None:
        for node in self._nodes:
            node.kill()
