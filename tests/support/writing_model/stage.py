"""Two apps on one database, each with its own response cache, and everybody's clients of both."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from fastapi import FastAPI

from app.core.roles import Role
from app.db.changes.listeners import listener_for
from app.db.session import open_database
from app.main import create_app
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.users import Users, client_of
from tests.support.writing_model.blog import ANONYMOUS, ROLES

APPS = (0, 1)


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - there is none on Windows

    return uvloop.new_event_loop()


class Theatre:
    """Two apps for many stages, which have a database each; a test without an event loop of its own uses it."""

    def __init__(self, template: Template, folder: Path) -> None:
        self.runner = asyncio.Runner(loop_factory=_new_loop)
        self.template = template
        # The keys of what an answer shows are among what may not tell anything.
        changes: dict[str, Any] = {"rate_limits": False, "cdn_seconds": 60}
        self.apps: list[FastAPI] = [create_app(settings_for(template.url, folder, **changes)) for _ in APPS]

        self.paths: dict[str, Any] = self.apps[0].openapi()["paths"]

    def close(self) -> None:
        self.runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stage:
    """An empty blog, on which there are only the people of the model."""

    def __init__(self, theatre: Theatre) -> None:
        self._run = theatre.runner.run
        self._paths = theatre.paths
        self._clients: list[dict[str, httpx.AsyncClient]] = []
        self._opened = AsyncExitStack()
        self._run(self._open(theatre))

    async def _open(self, theatre: Theatre) -> None:
        url = await self._opened.enter_async_context(theatre.template.copy())
        for app in theatre.apps:
            await self._opened.enter_async_context(_on(app, url))
        people = Users(theatre.apps[0])
        accounts = {name: await people.user(Role(role), username=name) for name, role in ROLES.items()}
        for app in theatre.apps:
            users = Users(app)
            clients = {name: await users.client_for(account) for name, account in accounts.items()}
            clients[ANONYMOUS] = client_of(app)
            for client in clients.values():
                await self._opened.enter_async_context(client)
            self._clients.append(clients)

    def close(self) -> None:
        self._run(self._opened.aclose())

    def send(self, app: int, who: str, method: str, path: str, **request: Any) -> httpx.Response:
        return self._run(self._clients[app][who].request(method, path, **request))

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """What the OpenAPI document says of an operation; nothing if there is none."""
        return dict(self._paths.get(f"/api/v1{path}", {}).get(method, {}))

    def wait(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))


@asynccontextmanager
async def _on(app: FastAPI, url: str) -> AsyncIterator[None]:
    """The app hears of the changes of the other one, as it does in a process of its own."""
    database = open_database(url)
    app.state.database = database
    watch = listener_for(url, database.invalidations, database.wake_ups)
    app.state.response_cache.follow(database.invalidations, watch)
    stopping = asyncio.Event()
    listening = asyncio.create_task(watch.run(stopping))
    async with asyncio.timeout(10):
        while not watch.is_current():  # noqa: ASYNC110 - nobody is to be told by it but those who ask
            await asyncio.sleep(0.01)
    yield
    stopping.set()
    await listening
    await database.dispose()
