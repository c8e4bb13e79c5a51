"""`./start.sh` in a checkout whose dependencies are installed: the server that comes of it."""

import signal
from pathlib import Path

from tests.process.processes import free_port, started, status_of


def test_a_fresh_checkout_starts_answers_stops_and_starts_again(ready_checkout: Path) -> None:
    environments = []
    for stop in (signal.SIGTERM, signal.SIGINT):
        port = free_port()
        with started(ready_checkout, port) as server:
            assert status_of(f"http://127.0.0.1:{port}/api/v1/articles", server) == 200
            assert status_of(f"http://127.0.0.1:{port}/docs", server) == 200
            server.send_signal(stop)
            output, _ = server.communicate(timeout=30)
        assert server.returncode == 0
        assert "Traceback" not in output
        assert ("Wrote .env" in output) is (stop is signal.SIGTERM)
        assert f"http://127.0.0.1:{port}/docs" in output
        assert str(ready_checkout / "var") in output
        assert (ready_checkout / "var/blog.db").is_file()
        environments.append((ready_checkout / ".env").read_bytes())

    assert environments[0] == environments[1]
