"""The least that an ASGI app can do: send the same bytes with the same headers every time."""

from typing import Any

from benchmarks.baselines.recorded import recorded


def create_app() -> Any:
    responses = {
        name: (
            {"type": "http.response.start", "status": response.status, "headers": response.headers},
            {"type": "http.response.body", "body": response.body},
        )
        for name, response in recorded().items()
    }

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            start, body = responses[scope["path"].split("/", 2)[1]]
            await send(start)
            await send(body)

    return app
