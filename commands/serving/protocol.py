"""uvicorn's HTTP protocol, with limits on what comes before a request is complete enough for the application.

uvicorn waits forever for the rest of a request's head, and keeps as much of it as is sent.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10
MAX_HEAD_BYTES = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 27\r\nconnection: close\r\n\r\n"
    b"The request is too large.\r\n"
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request line and headers take too long or too much space."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # The method is known once the head is complete, as it nearly always is at once.
        if self.scope is None or "method" not in self.scope:
            self._head_bytes += len(data)
            self._wait_for_the_rest()
        elif self.cycle is not None and self.cycle.response_complete:
            # Something after an answer that is no request yet: uvicorn has stopped its own timer all the same.
            self._wait_for_the_rest()
        elif self._head_timer is not None:
            self._stop_timer()

    def on_headers_complete(self) -> None:
        if not self.url.startswith((b"/", b"*")):
            self._take_the_host_of_the_target()
        super().on_headers_complete()

    def _take_the_host_of_the_target(self) -> None:
        """Where the whole URL is asked for, it says which host is meant, whatever the header says (RFC 9112, 3.2.2)."""
        target = httptools.parse_url(self.url)
        given = [index for index, (name, _) in enumerate(self.headers) if name == b"host"]
        if target.host and len(given) == 1:
            port = b"" if target.port is None else b":%d" % target.port
            host = b"[%b]" % target.host if b":" in target.host else target.host
            self.headers[given[0]] = (b"host", host + port)

    def _wait_for_the_rest(self) -> None:
        if self.transport.is_closing():
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_timer(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
