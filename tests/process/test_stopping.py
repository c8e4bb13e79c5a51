"""A server that is told to stop while it works, and one whose workers die."""

import json
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.process.processes import eventually, serving, workers_of

BODY = b"username=anna&password=four+calm+otters"


def status(url: str) -> int | None:
    """None while nobody listens."""
    try:
        with urlopen(url, timeout=10) as response:
            found: int = response.status
            return found
    except HTTPError as error:
        return error.code
    except (URLError, ConnectionError):
        return None


class SlowRequest:
    """One that the server has begun to read, and cannot answer yet."""

    def __init__(self, site: str) -> None:
        parts = urlsplit(site)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        head = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: blog\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + BODY[:1])

    def finish(self) -> bytes:
        """Send the rest; all that is answered until the server hangs up."""
        self._socket.sendall(BODY[1:])
        with self._socket, self._socket.makefile("rb") as response:
            return response.read()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_says_so_then_finishes_what_it_has_begun(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers, DRAIN_SECONDS="1.5") as (server, site):
        request = SlowRequest(site)
        assert status(f"{site}/health/ready") == 200
        server.send_signal(signal.SIGTERM)
        eventually(lambda: status(f"{site}/health/ready") == 503, "it is not ready any more")
        assert status(f"{site}/api/v1/articles") == 200
        eventually(lambda: status(f"{site}/health/live") is None, "nobody listens any more")
        response = request.finish()
        output, _ = server.communicate(timeout=30)

    head, body = response.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    assert json.loads(body)["code"] == "invalid_credentials"
    assert server.returncode == 0
    assert "Traceback" not in output
    assert list((tmp_path / "var").glob("metrics-*")) == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_told_twice_it_does_not_wait(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers, DRAIN_SECONDS="600") as (server, site):
        request = SlowRequest(site)
        server.send_signal(signal.SIGTERM)
        eventually(lambda: status(f"{site}/health/ready") == 503, "it is not ready any more")
        server.send_signal(signal.SIGTERM)
        output, _ = server.communicate(timeout=30)

    with suppress(ConnectionError):
        assert request.finish() == b""
    assert server.returncode == 0
    assert "Traceback" not in output


def test_a_worker_that_is_killed_is_replaced_and_none_outlives_the_supervisor(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as (server, site):
        before = workers_of(server)
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len({*workers_of(server)} - {before[0]}) == 2, "there are two again")
        assert before[1] in workers_of(server)
        assert {status(f"{site}/api/v1/articles") for _ in range(20)} == {200}

        server.kill()
        server.wait(10)
        eventually(lambda: status(f"{site}/health/live") is None, "nobody listens any more")
