"""Runs the project's own commands as a person would: as processes, in a folder of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
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
