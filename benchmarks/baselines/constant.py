"""The least that an ASGI app can do: send the same bytes with the same headers every time."""

from typing import Any

from benchmarks.baselines.recorded import recorded


def create_app() -> Any:
    answers = {
        name: (
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers},
            {"type": "http.response.body", "body": answer.body},
        )
        for name, answer in recorded().items()
    }

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            start, body = answers[scope["path"].split("/", 2)[1]]
            await send(start)
            await send(body)

    return app
