"""Hits of redirects: counted in memory, and written together."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.content.services.redirect_hits import RedirectHits
from app.core.client import COMMAND_LINE
from app.unit_of_work import unit_of_work
from tests.content.test_redirects import redirect
from tests.content.test_resolving import resolve
from tests.support.problems import problem_in
from tests.support.writing import read


@pytest.fixture(autouse=True)
def _nothing_counted(app: FastAPI) -> None:
    """The tests share a process, whose redirects have the same ids again."""
    app.state.process.shared.pop(RedirectHits, None)


async def hits_of(editor: httpx.AsyncClient) -> dict[str, int]:
    return {item["source"]: item["hits"] for item in (await editor.get("/redirects")).json()["items"]}


async def test_hits_are_counted_together_and_not_lost(
    app: FastAPI, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    before = await redirect(editor, "/a", "/b")
    await redirect(editor, "/c", None, status=410)
    await redirect(editor, "/unused", "/b")
    process = app.state.process
    hits = process.share(RedirectHits)

    def open_unit() -> Any:
        return unit_of_work(app.state.database.writing, process, COMMAND_LINE)

    def unreachable() -> Any:
        raise ConnectionError

    for path in ("/a", "/a/", "/c", "/nothing"):
        await resolve(anonymous, path)
    await anonymous.get("http://blog.example.com/a")
    assert await hits_of(editor) == {"/a": 0, "/c": 0, "/unused": 0}
    with pytest.raises(ConnectionError):
        await hits.write(unreachable)
    await resolve(anonymous, "/a")
    await hits.write(open_unit)
    assert await hits_of(editor) == {"/a": 4, "/c": 1, "/unused": 0}
    await hits.write(open_unit)
    # Of another server.
    process.shared.pop(RedirectHits)
    await resolve(anonymous, "/a")
    await process.share(RedirectHits).write(open_unit)

    after = await read(editor, f"/redirects/{before['id']}")
    assert after["hits"] == 5
    assert after["last_hit_at"] >= before["created_at"]
    assert after["updated_at"] == before["updated_at"]


async def test_hits_of_what_was_deleted_meanwhile_are_dropped(
    app: FastAPI, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    created = await redirect(editor, "/a", "/b")
    await resolve(anonymous, "/a")
    await editor.delete(f"/redirects/{created['id']}")

    await app.state.process.share(RedirectHits).write(
        lambda: unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE)
    )

    problem_in(await resolve(anonymous, "/a"), 404, "not_found")


async def test_what_was_counted_is_written_when_the_server_stops(
    app: FastAPI, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await redirect(editor, "/a", "/b")
    hits = app.state.process.share(RedirectHits)
    stopping = asyncio.Event()
    running = asyncio.create_task(
        hits.run(lambda: unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE), stopping)
    )
    await asyncio.sleep(0)
    await resolve(anonymous, "/a")

    stopping.set()
    await running

    assert await hits_of(editor) == {"/a": 1}
