"""Supports HEAD wherever there is GET, which FastAPI leaves to each route."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Passes HEAD to the app as GET, and sends only the headers of the response, including its length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # What FastAPI notes there, such as the route, is for the middlewares outside as well.
        noted = scope.setdefault("fastapi", {})
        await self._app({**scope, "method": "GET", "fastapi": noted}, receive, send_head)
