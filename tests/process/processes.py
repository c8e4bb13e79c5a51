"""Runs the project's own commands as a person would: as processes, in a folder of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "ACCESS_SECRET_KEY": "a" * 32,
    "RESET_PASSWORD_SECRET_KEY": "b" * 32,
    "VERIFICATION_SECRET_KEY": "c" * 32,
}


def environment(**variables: str) -> dict[str, str]:
    """Only what a process needs to start, so that no setting of the machine's leaks into it."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")}
    return kept | {"PYTHONPATH": str(ROOT)} | variables


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, timeout=60, check=False
    )


def run_serve(cwd: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "commands.serve", *options, cwd=cwd, **settings)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(checkout: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """`./start.sh` in this checkout, for as long as the block runs."""
    command = [str(checkout / "start.sh"), "--port", str(port)]
    with subprocess.Popen(
        command, cwd="/", env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def status_of(url: str, server: "subprocess.Popen[str]") -> int:
    """Of the answer, once there is one."""
    deadline = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=10) as response:
                status: int = response.status
                return status
        except URLError:
            time.sleep(0.05)
    server.kill()
    pytest.fail(f"no answer from {url}; the server said:\n{server.communicate()[0]}")


@contextmanager
def serving(cwd: Path, *options: str, **settings: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`commands.serve`, answering; together with where its API is."""
    port = free_port()
    command = [sys.executable, "-m", "commands.serve", "--port", str(port), *options]
    variables = environment(**(SECRETS | settings))
    with subprocess.Popen(
        command, cwd=cwd, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            status_of(f"http://127.0.0.1:{port}/health/live", server)
            yield server, f"http://127.0.0.1:{port}"
        finally:
            for pid in workers_of(server):
                os.kill(pid, signal.SIGKILL)
            server.kill()


def workers_of(server: "subprocess.Popen[str]") -> list[int]:
    """The processes that answer requests, where there are several."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    try:
        pids = children.read_text(encoding="ascii").split()
        return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    except FileNotFoundError:
        return []


def eventually(holds: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} seconds: {what}")
        time.sleep(0.05)
