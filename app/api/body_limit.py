"""Refuses bodies that are too large."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem

_DETAIL = "The body is too large."
# Python refuses to read a number of thousands of digits; that many are too large already.
_MAX_DIGITS = 20


class BodyLimitMiddleware:
    """FastAPI's own limit answers in plain text, and outside all other middlewares."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("Content-Length", "")
        if length.isdecimal() and int(length[:_MAX_DIGITS]) > self._max_bytes:
            answer = problem(HTTPStatus(413), "content_too_large", _DETAIL)
            await answer(scope, receive, send)
            return
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._max_bytes:
                raise HTTPException(413, _DETAIL)
            return message

        await self._app(scope, receive_some, send)
