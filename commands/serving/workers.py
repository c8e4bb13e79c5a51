"""Several worker processes that serve requests, and a supervisor that replaces those that die."""

import logging
import os
import signal
import sys
import tempfile
import time
from multiprocessing.connection import wait
from pathlib import Path
from socket import socket

from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from commands.serving.server import DrainingServer, ServerConfig

_STOPPING = {signal.SIGINT, signal.SIGTERM}


class Worker(multiprocess.Process):
    """A worker process, as seen from the supervisor; `target` runs in it."""

    config: ServerConfig

    @property
    def server(self) -> DrainingServer:
        if not isinstance(self._server, DrainingServer):
            self._server = DrainingServer(self.config)
        return self._server

    def ping(self, timeout: float = 5) -> bool:
        """Whether the worker responds in time. Unlike in uvicorn, one that dies meanwhile is not waited for."""
        try:
            self.parent_conn.send(b"ping")
            if self.parent_conn not in wait([self.parent_conn, self.process.sentinel], timeout):
                return False
            self.parent_conn.recv()
        except (OSError, EOFError):
            return False
        return True

    def target(self, sockets: list[socket] | None = None) -> None:
        # Being asked to stop is no failure, even while everything is still being imported.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            super().target(sockets)
        except Exception:
            if self.server.started:
                raise
            # The next one would fail the same way, and the one after that.
            logging.getLogger(__name__).exception("a worker cannot start")
            sys.exit(STARTUP_FAILURE)


class Supervisor(multiprocess.Multiprocess):
    def join_all(self) -> None:
        """Wait for the workers to finish; on a second request to stop, kill them."""
        # Once they have closed theirs, nobody is to queue here for an answer that never comes.
        for listener in self.sockets:
            listener.close()
        while any(worker.process.is_alive() for worker in self.processes):
            if _STOPPING.intersection(self.signal_queue):
                for worker in self.processes:
                    worker.kill()
            time.sleep(0.1)
        super().join_all()


def supervise(config: ServerConfig, var_dir: Path) -> None:
    """Run the workers until told to stop; exits with an error if one cannot start."""
    # uvicorn has no other way to be given a server of one's own.
    multiprocess.Process = Worker  # type: ignore[misc]
    with tempfile.TemporaryDirectory(prefix="metrics-", dir=var_dir, ignore_cleanup_errors=True) as metrics:
        # Where the workers keep what they count, so that any of them can tell the sum.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        supervisor = Supervisor(config, sockets=[config.bind_socket()])
        supervisor.run()
    if any(worker.exitcode == STARTUP_FAILURE for worker in supervisor.processes):
        sys.exit(STARTUP_FAILURE)
