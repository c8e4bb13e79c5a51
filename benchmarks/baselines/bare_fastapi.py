"""The least that a FastAPI route can do: send the same ready-made bytes with the same headers."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Response

from benchmarks.baselines.recorded import Recorded, recorded


def create_app() -> FastAPI:
    app = FastAPI()
    for name, response in recorded().items():
        app.get(f"/{name}/{{rest:path}}")(_answering(response))
    return app


def _answering(response: Recorded) -> Callable[[], Coroutine[Any, Any, Response]]:
    headers = {key.decode(): value.decode("latin-1") for key, value in response.headers}

    async def route() -> Response:
        return Response(response.body, response.status, headers)

    return route
