"""uvicorn's HTTP protocol, with limits on what comes before and after the application has to do with a request.

uvicorn waits forever for the rest of a request's head, and keeps as much of it as is sent. It waits forever too for
clients that do not read, and hangs up on those that are still sending, so that they never learn why.
"""

import asyncio
import struct
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

try:
    import fcntl
    import termios
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

HEAD_SECONDS = 10
# How long a client may read nothing of what it is sent.
UNREAD_SECONDS = 60
# How long the rest of a body may take that nobody reads any more, because the answer has been given.
REST_SECONDS = 60
MAX_HEAD_BYTES = 64 * 1024
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 27\r\nconnection: close\r\n\r\n"
    b"The request is too large.\r\n"
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request line and headers take too long or too much space, or whose client reads nothing.

    One that is to be closed after an answer is not cut off while the client is still sending.
    """

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _unread_timer: asyncio.TimerHandle | None = None
    # Whether the body of the last request is still coming, and whether its end is that of the connection.
    _is_midway = False
    _closes_at_the_end = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_waiting_for_the_reader()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_the_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_waiting_for_the_reader()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def data_received(self, data: bytes) -> None:
        before, was_midway = self.cycle, self._is_midway
        super().data_received(data)
        # The method is known once the head is complete, as it nearly always is at once.
        if self.scope is None or "method" not in self.scope:
            if self.cycle is not before or was_midway:
                # Most of this may belong to the request before.
                self._stop_timer()
            else:
                self._head_bytes += len(data)
            self._wait_for_the_rest(HEAD_SECONDS)
        elif self.cycle is not None and self.cycle.response_complete:
            self._take_what_follows_an_answer(was_midway)
        elif self._head_timer is not None:
            self._stop_timer()

    def _take_what_follows_an_answer(self, was_midway: bool) -> None:
        """It is no request yet, but uvicorn has stopped its own timer all the same."""
        if self._is_midway:
            self._wait_for_the_rest(REST_SECONDS)
        elif was_midway:
            self._stop_timer()
            self._wait_for_the_next_request()
        else:
            self._wait_for_the_rest(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        if not self.url.startswith((b"/", b"*")):
            self._take_the_host_of_the_target()
        super().on_headers_complete()
        self._is_midway = True
        if self.cycle is not None and not self.cycle.keep_alive:
            self.cycle.transport = _LingeringTransport(self)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_midway = False
        if self._closes_at_the_end:
            self._close()

    def close_after_the_body(self) -> None:
        """Close the connection once the client has sent everything: one that is cut off does not read the answer."""
        if self._is_midway:
            self._closes_at_the_end = True
            self._wait_for_the_rest(REST_SECONDS)
        else:
            self._close()

    def _take_the_host_of_the_target(self) -> None:
        """Where the whole URL is asked for, it says which host is meant, whatever the header says (RFC 9112, 3.2.2)."""
        target = httptools.parse_url(self.url)
        given = [index for index, (name, _) in enumerate(self.headers) if name == b"host"]
        if target.host and len(given) == 1:
            port = b"" if target.port is None else b":%d" % target.port
            host = b"[%b]" % target.host if b":" in target.host else target.host
            self.headers[given[0]] = (b"host", host + port)

    def _wait_for_the_rest(self, seconds: float) -> None:
        if self.transport.is_closing():
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(_TOO_LARGE)
            self._close()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(seconds, self._close)

    def _wait_for_the_next_request(self) -> None:
        if not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _stop_timer(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _wait_for_the_reader(self) -> None:
        """Slow ones may take any time, as long as they read."""
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(
                UNREAD_SECONDS, self._require_reader, unread_bytes(self.transport)
            )

    def _require_reader(self, unread_before: int) -> None:
        self._unread_timer = None
        if unread_bytes(self.transport) < unread_before:
            self._wait_for_the_reader()
        else:
            self.transport.abort()

    def _stop_waiting_for_the_reader(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _close(self) -> None:
        """Close the connection once the client has read what it was sent, if it does read."""
        if not self.transport.is_closing():
            self.transport.close()
        if self.transport.get_write_buffer_size():
            self._wait_for_the_reader()


def unread_bytes(transport: asyncio.WriteTransport) -> int:
    """How much of what was written has not reached the client."""
    return transport.get_write_buffer_size() + _bytes_in_the_system(transport.get_extra_info("socket"))


def _bytes_in_the_system(connection: Any) -> int:
    """It may hold megabytes, and takes more only when a good part of them is gone: too rarely for slow readers."""
    if fcntl is None:
        return 0
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))
    except (OSError, ValueError):
        return 0
    return int(count)


class _LingeringTransport:
    """What the answer to the last request of a connection is written to."""

    def __init__(self, protocol: BoundedHttpProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.close_after_the_body()
