"""`./start.sh` in a checkout whose dependencies are installed: the server that comes of it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.startup.processes import environment, free_port


@contextmanager
def started(checkout: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
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


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_fresh_checkout_starts_answers_and_stops(ready_checkout: Path, stop: signal.Signals) -> None:
    port = free_port()
    with started(ready_checkout, port) as server:
        assert status_of(f"http://127.0.0.1:{port}/api/v1/articles", server) == 200
        assert status_of(f"http://127.0.0.1:{port}/docs", server) == 200
        server.send_signal(stop)
        output, _ = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in output
    assert "Wrote .env" in output
    assert f"http://127.0.0.1:{port}/docs" in output
    assert str(ready_checkout / "var") in output
    assert (ready_checkout / "var/blog.db").is_file()


def test_the_next_start_keeps_what_is_there(ready_checkout: Path) -> None:
    contents = []
    for _ in range(2):
        port = free_port()
        with started(ready_checkout, port) as server:
            assert status_of(f"http://127.0.0.1:{port}/api/v1/articles", server) == 200
            server.terminate()
            server.communicate(timeout=30)
        assert server.returncode == 0
        contents.append((ready_checkout / ".env").read_bytes())
    assert contents[0] == contents[1]
