"""Anonymous reads through routes have no session: they take no connection, and cannot leak one."""

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.pool import Pool

from app.api.deps import ServicesDep
from app.api.route_rules import private
from app.content.services.articles import ArticleService
from app.core.roles import Role
from app.unit_of_work import NoSession
from tests.support.problems import problem_in
from tests.support.users import Users, client_of
from tests.support.writing import comment, publish

MANY = 8


@pytest.fixture
def without_fast_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr("app.api.middleware.fast_reads.FastReadsMiddleware._respond", nothing)


@pytest.fixture
def checked_out(live_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection that is taken from the pools of the sessions."""
    database = live_app.state.database
    taken: list[object] = []

    def watch(pool: Pool) -> None:
        connect = pool.connect

        def watched() -> Any:
            taken.append(connection := connect())
            return connection

        monkeypatch.setattr(pool, "connect", watched)

    for pool in {database.engine.pool, database.reading_engine.pool}:
        watch(pool)
    return taken


@pytest.mark.usefixtures("without_fast_reads")
async def test_many_anonymous_reads_at_once_take_no_connection(
    live_users: Users, live_app: FastAPI, checked_out: list[object]
) -> None:
    author = await live_users.client(Role.AUTHOR)
    slug = (await publish(author, "Hello", tags=["red"]))["slug"]
    await comment(author, slug)
    assert checked_out
    checked_out.clear()
    paths = ["/articles", f"/articles/{slug}", f"/articles/{slug}/comments", "/tags", "/tags/red", "/categories"]
    paths += ["/authors", "/articles/nowhere", "/articles?status=draft", "/auth/providers"]

    async with client_of(live_app) as anonymous:
        for path in paths:
            responses = await asyncio.gather(*(anonymous.get(path) for _ in range(MANY)))
            assert {response.status_code for response in responses} <= {200, 401, 404}, path

    assert checked_out == []


async def _uses_a_session(self: Any, *_: object) -> None:
    assert self._unit.session


@pytest.mark.usefixtures("without_fast_reads")
async def test_an_anonymous_read_that_uses_a_session_fails_loudly(
    live_users: Users,
    live_app: FastAPI,
    checked_out: list[object],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    author = await live_users.client(Role.AUTHOR)
    monkeypatch.setattr(ArticleService, "get", _uses_a_session)
    checked_out.clear()

    async with client_of(live_app) as anonymous:
        with caplog.at_level(logging.ERROR):
            responses = await asyncio.gather(*(anonymous.get("/articles/hello") for _ in range(MANY)))

    for response in responses:
        problem_in(response, 500, "internal_error")
        assert "session" not in response.text.lower()
    logged = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert logged == [NoSession] * MANY
    assert checked_out == []
    monkeypatch.undo()
    assert (await author.get("/articles")).status_code == 200


async def test_a_route_that_reads_for_somebody_has_one(live_users: Users, live_app: FastAPI) -> None:
    used = []

    @live_app.get("/session")
    @private
    async def with_session(services: ServicesDep) -> None:
        used.append(services.unit.session)

    author = await live_users.client(Role.AUTHOR)
    assert (await author.get("http://blog.example.com/session")).status_code == 200
    async with client_of(live_app) as anonymous:
        problem_in(await anonymous.get("http://blog.example.com/session"), 500, "internal_error")

    assert len(used) == 1
