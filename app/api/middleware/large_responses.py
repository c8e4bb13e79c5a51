"""Bounds the memory that responses take up while their clients read them, or do not.

Responses from the cache are shared, and none of this concerns them.
"""

from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem

# As much as a server buffers before it waits for the client to read.
PIECE_BYTES = 64 * 1024
# What one client may have been sent and not read yet, of responses that are larger than a piece: four of the largest.
MAX_UNREAD_BYTES = 16 * 1024 * 1024
_UNREAD = "Read the responses that are still being sent to you first."


class LargeResponsesMiddleware:
    """Sends large bodies piece by piece, and refuses to make a client wait for more than it reads.

    `client_of` tells clients apart.
    """

    def __init__(self, app: ASGIApp, client_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._client_of = client_of
        self._unread: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def send_bounded(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None and len(message.get("body", b"")) > PIECE_BYTES and not message.get("more_body"):
                await self._send_large(start, message["body"], scope, receive, send)
                return
            if start is not None:
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, send_bounded)

    async def _send_large(self, start: Message, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        client, size = self._client_of(scope), len(body)
        if self._unread[client] and self._unread[client] + size > MAX_UNREAD_BYTES:
            await problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _UNREAD)(scope, receive, send)
            return
        self._unread[client] += size
        try:
            await send(start)
            for begin in range(0, size, PIECE_BYTES):
                piece = body[begin : begin + PIECE_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": begin + PIECE_BYTES < size})
        finally:
            self._unread[client] -= size
            if not self._unread[client]:
                del self._unread[client]
