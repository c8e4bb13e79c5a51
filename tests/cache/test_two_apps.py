"""Two apps on one database: whatever one of them writes, the other shows a tenth of a second later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.models import User
from app.core.roles import Role
from app.db.changes.listeners import listener_for
from app.db.session import open_database
from app.main import create_app
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.examples import examples
from tests.support.public_pages import outdated_pages, reader_of
from tests.support.users import Users

# Both really wait, as long as processes of their own may take to hear of each other.
pytestmark = pytest.mark.process
# What another process may take to hear of a change.
HEARD_SECONDS = 0.1
PAGES = [
    "/articles",
    "/articles?tag=red&sort=title",
    "/articles?sort=most_commented",
    "/articles/a",
    "/articles/b",
    "/articles/a/comments",
    *("/articles?author=anna", "/tags", "/tags/red", "/authors", "/authors/anna", "/categories"),
]


@dataclass
class Writer:
    """Somebody who may do everything, on either of the two."""

    account: User
    clients: list[httpx.AsyncClient]


@asynccontextmanager
async def running(url: str, folder: Path) -> AsyncIterator[FastAPI]:
    """An app that hears of the changes of others, as it does in a process of its own."""
    app = create_app(settings_for(url, folder, rate_limits=False))
    database = open_database(url)
    app.state.database = database
    watch = listener_for(url, database.invalidations, database.wake_ups)
    app.state.response_cache.follow(database.invalidations, watch)
    stopping = asyncio.Event()
    listening = asyncio.create_task(watch.run(stopping))
    async with asyncio.timeout(10):
        while not watch.is_current():  # noqa: ASYNC110 - nobody is to be told by it but those who ask
            await asyncio.sleep(0.01)
    yield app
    stopping.set()
    await listening
    await database.dispose()


@pytest.fixture
async def apps(template: Template, tmp_path: Path) -> AsyncIterator[list[FastAPI]]:
    async with template.copy() as url, running(url, tmp_path) as one, running(url, tmp_path) as other:
        yield [one, other]


@pytest.fixture
async def writer(apps: list[FastAPI]) -> AsyncIterator[Writer]:
    users = [Users(app) for app in apps]
    account = await users[0].user(Role.ADMIN, username="anna")
    yield Writer(account, [await each.client_for(account) for each in users])
    for each in users:
        for client in each.clients:
            await client.aclose()


Write = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]
WRITES: list[Write] = [
    lambda client: client.post("/articles", json={"title": "A", "slug": "a", "tags": ["Red"], "status": "published"}),
    lambda client: client.post("/articles", json={"title": "B", "slug": "b", "tags": ["Blue"], "status": "published"}),
    lambda client: client.patch("/articles/a", json={"title": "Zebra"}),
    lambda client: client.patch("/articles/a", json={"visibility": "members"}),
    lambda client: client.patch("/articles/a", json={"visibility": "unlisted"}),
    lambda client: client.patch("/articles/a", json={"visibility": "public"}),
    lambda client: client.patch("/articles/b", json={"kind": "page"}),
    lambda client: client.patch("/articles/b", json={"tags": ["Red", "Blue"], "body_markdown": "Other."}),
    lambda client: client.delete("/articles/a/publication"),
    lambda client: client.put("/articles/a/publication"),
    lambda client: client.delete("/articles/b"),
    lambda client: client.put("/articles/b/restoration"),
    lambda client: client.post("/articles/a/comments", json={"body_markdown": "Well."}),
    lambda client: client.patch("/users/me", json={"display_name": "Anna"}),
    lambda client: client.patch("/users/me", json={"display_name": "Anna B."}),
    lambda client: client.patch("/tags/red", json={"name": "Rouge", "slug": "red"}),
    lambda client: client.post("/tags/red/merges", json={"tags": ["blue"]}),
]


@given(steps=st.lists(st.tuples(st.sampled_from(WRITES), st.sampled_from([0, 1])), min_size=3, max_size=6))
@examples(3, same=False)
async def test_neither_shows_what_is_older_than_what_the_other_has_acknowledged(
    apps: list[FastAPI], writer: Writer, steps: list[tuple[Write, int]]
) -> None:
    for write, where in steps:
        await _read_all(apps)

        response = await write(writer.clients[where])

        # In a random order some of it cannot be done; then nothing may have changed.
        assert response.status_code < 500, response.text
        assert await outdated_pages(apps[where], PAGES) == {}
        await asyncio.sleep(HEARD_SECONDS)
        assert await outdated_pages(apps[1 - where], PAGES) == {}
    assert all(app.state.response_cache.store.hits for app in apps)


@pytest.mark.parametrize("change", [{"visibility": "members"}, {"visibility": "unlisted"}, {"kind": "page"}])
async def test_what_leaves_the_lists_of_one_leaves_those_of_the_other(
    apps: list[FastAPI], writer: Writer, change: dict[str, str]
) -> None:
    for write in (WRITES[0], lambda client: client.post("/articles/a/comments", json={"body_markdown": "Well."})):
        assert (await write(writer.clients[0])).status_code == 201
    await _read_all(apps)

    for sent in (change, {"visibility": "public", "kind": "article"}):
        assert (await writer.clients[0].patch("/articles/a", json=sent)).status_code == 200
        assert await outdated_pages(apps[0], PAGES) == {}
        await asyncio.sleep(HEARD_SECONDS)
        assert await outdated_pages(apps[1], PAGES) == {}
        await _read_all(apps)
    assert all(app.state.response_cache.store.hits for app in apps)


async def test_readers_during_writes_never_see_the_past_twice(apps: list[FastAPI], writer: Writer) -> None:
    """Once someone has seen a change in one place, nobody sees what was before it a tenth of a second later."""
    await WRITES[0](writer.clients[0])
    written = 0

    async def write() -> None:
        nonlocal written
        for number in range(1, 16):
            response = await writer.clients[number % 2].patch("/articles/a", json={"excerpt": f"{number}"})
            assert response.status_code == 200
            written = number
            await asyncio.sleep(0.01)

    async def read(app: FastAPI) -> int:
        seen = 0
        async with reader_of(app.state.response_cache) as anonymous:
            while written < 15:
                # What had been acknowledged a while before this question was asked.
                acknowledged = written
                await asyncio.sleep(HEARD_SECONDS)
                excerpt = (await anonymous.get("/articles/a")).json()["excerpt"]
                assert int(excerpt or 0) >= acknowledged
                seen += 1
        return seen

    results = await asyncio.gather(write(), *(read(app) for app in apps))

    assert all(results[1:])


async def _read_all(apps: list[FastAPI]) -> None:
    for app in apps:
        async with reader_of(app.state.response_cache) as anonymous:
            for page in PAGES:
                await anonymous.get(page)
