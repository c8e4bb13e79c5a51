"""The HTTP server: uvicorn with limits, and a graceful shutdown."""

import ctypes
import gc
import os
import signal
import sys
import time
from contextlib import suppress
from multiprocessing import parent_process
from pathlib import Path
from socket import socket
from types import FrameType

from uvicorn import Config, Server

from app.core.config import Settings

_APP = Path(__file__).parents[2] / "app"
# Requests in flight get this long, and what is sent after them a few seconds more (`app.lifespan`).
FINISH_SECONDS = 10
# Longer than proxies keep idle connections (nginx and most load balancers: 60 seconds), so that none sends a request
# into a connection that is being closed.
KEEP_ALIVE_SECONDS = 75
# A worker that says nothing for this long is replaced.
HEALTHCHECK_SECONDS = 30


class ServerConfig(Config):
    """uvicorn's configuration. It is the only thing passed to every worker."""

    def __init__(self, settings: Settings, *, reload: bool) -> None:
        on_windows = sys.platform == "win32"
        super().__init__(
            "app.main:app_from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            reload=reload,
            reload_dirs=[str(_APP)] if reload else None,
            loop="asyncio" if on_windows else "uvloop",
            http="h11" if on_windows else _bounded_http(),
            # Nothing here speaks it.
            ws="none",
            # A start that fails is a failure, not an application without a lifespan.
            lifespan="on",
            log_config=None,
            # The application has lines of its own; even those that are not written would be put together.
            access_log=False,
            server_header=False,
            # Which proxies to believe is a setting of the application's own.
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=FINISH_SECONDS,
            # A worker that is busy importing on a busy machine is no dead one.
            timeout_worker_healthcheck=HEALTHCHECK_SECONDS,
        )
        self.drain_seconds = settings.drain_seconds


def _give_memory_back() -> None:
    """Return memory that was only needed for importing, some 10 MB: glibc keeps it unless asked to release it."""
    if sys.platform == "linux":
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def _bounded_http() -> type:
    from commands.serving.protocol import BoundedHttpProtocol

    return BoundedHttpProtocol


class DrainingServer(Server):
    """Reports that it is not ready any more, keeps serving for a while, then finishes requests in flight and stops.

    A second signal stops it at once.
    """

    config: ServerConfig
    _ends_at: float | None = None

    def run(self, sockets: list[socket] | None = None) -> None:
        # What is imported stays: looking through it for garbage again and again only takes time.
        gc.disable()
        super().run(sockets)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()
        gc.enable()
        _give_memory_back()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if parent_process() is not None and sig == signal.SIGINT:
            # Ctrl-C reaches every process of a terminal; the first of them tells the others.
            return
        if self._ends_at is not None:
            # Whoever asks twice wants no more requests finished; what is committed is safe.
            os._exit(0)
        elif self.started:
            self._captured_signals.append(sig)
            self.config.loaded_app.app.state.draining = True
            self._ends_at = time.monotonic() + self.config.drain_seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self.should_exit = True
        if counter % 10 == 0 and self._is_orphan():
            self.should_exit = True
        return await super().on_tick(counter)

    def _is_orphan(self) -> bool:
        """Whether the parent process, which would restart this one, is gone: then another server may need the port."""
        parent = parent_process()
        return parent is not None and not parent.is_alive()
