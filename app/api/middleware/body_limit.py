"""Refuses request bodies that are too large, compressed, or sent too slowly."""

import asyncio
import time
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem
from app.api.route_table import RouteTable

# Unless a route declares a bound of its own. Nearly everything is short: a comment of 10,000 characters takes 120 kB.
MAX_BODY_BYTES = 128 * 1024
# Of silence, and in all: 3 MB at 50 kB/s.
SILENCE_SECONDS = 10.0
BODY_SECONDS = 60.0
_TOO_LARGE = "The request body is too large."
_TOO_SLOW = "The request body did not arrive in time."
_COMPRESSED = "The request body must not be compressed."
# Python refuses to read a number of thousands of digits; that many are too large already.
_MAX_DIGITS = 20


class BodyLimitMiddleware:
    """Replaces FastAPI's own limit, which responds in plain text, and outside all other middlewares.

    `max_body_size` of a route is what it accepts; every other route accepts `MAX_BODY_BYTES`.
    """

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self._app = app
        self._table = table

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if headers.get("Content-Encoding", "identity").lower() != "identity":
            # Of a few kilobytes somebody else's thousands could come: nothing is unpacked here.
            accepted = {"Accept-Encoding": "identity"}
            response = problem(HTTPStatus(415), "unsupported_content_encoding", _COMPRESSED, headers=accepted)
            await response(scope, receive, send)
            return
        max_bytes = self._table.max_body_bytes(scope["method"], scope["path"]) or MAX_BODY_BYTES
        length = headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:_MAX_DIGITS]) > max_bytes:
            response = problem(HTTPStatus(413), "content_too_large", _TOO_LARGE)
            await response(scope, receive, send)
            return
        await self._app(scope, _Body(receive, max_bytes).receive, send)


class _Body:
    """The part of a request's body that has not been received yet."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._left = max_bytes
        self._ends_at = time.monotonic() + BODY_SECONDS
        self._is_complete = False

    async def receive(self) -> Message:
        if self._is_complete:
            # What is waited for now is that the client hangs up, however long that takes.
            return await self._receive()
        try:
            async with asyncio.timeout(min(SILENCE_SECONDS, self._ends_at - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, _TOO_SLOW, {"Connection": "close"}) from None
        self._is_complete = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, _TOO_LARGE)
        return message
