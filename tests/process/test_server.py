"""`./start.sh` in a checkout whose dependencies are installed: the server that comes of it."""

import signal
from pathlib import Path

import pytest

from tests.process.processes import free_port, started, status_of


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
