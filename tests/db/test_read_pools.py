"""Reading without sessions: what comes back, and what is answered when the database is away or busy."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import literal_column, select, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.api.middleware.response_cache import SURROGATE_KEYS
from app.cache.keys import ARTICLES, SurrogateKeys, article, author, tag
from app.comments.schemas import CommentOut
from app.content.models import Article, ArticleStatus, Tag
from app.content.schemas.articles import ArticleOut, ArticleSummary
from app.content.schemas.authors import AuthorOut
from app.content.schemas.taxonomy import CategoryTree, TagOut
from app.core.roles import Role
from app.core.schemas.pages import Page
from app.db import read_pool_postgresql, read_pool_sqlite
from app.db.compiled_selects import CompiledSelect
from app.db.errors import is_transient
from app.db.session import Database, PoolLimits, open_database
from tests.support.databases import Template
from tests.support.outages import unusable_databases
from tests.support.problems import problem_in
from tests.support.rows import a_user, an_article
from tests.support.users import API, Users
from tests.support.writing import comment, publish, read

MOMENTS = CompiledSelect(select(Article.created_at, Article.deleted_at, Article.status))
ENDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND {}"
ONE = CompiledSelect(select(literal_column("1")))


@pytest.fixture
async def live(template: Template) -> AsyncIterator[Database]:
    """A database of the test's own, over two connections for reading."""
    async with template.copy() as url:
        database = open_database(url, PoolLimits(connections=2, queue_seconds=0.05))
        yield database
        await database.dispose()


async def test_values_come_back_as_the_columns_have_them(live: Database) -> None:
    async with live.writing() as session:
        session.add(user := a_user())
        await session.flush()
        session.add(stored := an_article(user.id))
        await session.commit()

    ((created_at, deleted_at, status),) = await live.read_pool.fetch(MOMENTS, {})

    assert (created_at, created_at.tzinfo) == (stored.created_at, UTC)
    assert (deleted_at, status) == (None, ArticleStatus.PUBLISHED)


async def test_what_has_been_committed_is_read_at_once(live: Database) -> None:
    names = CompiledSelect(select(Tag.name))
    for number in range(3):
        async with live.writing() as session:
            session.add(Tag(name=str(number), slug=str(number)))
            await session.flush()
            assert len(await live.read_pool.fetch(names, {})) == number
            await session.commit()
        assert len(await live.read_pool.fetch(names, {})) == number + 1


async def test_nothing_can_be_written(template: Template, live: Database) -> None:
    if not template.is_sqlite:
        pytest.skip("only selects are ever sent")
    assert isinstance(live.read_pool, read_pool_sqlite.SqliteReadPool)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        live.read_pool._fetch_quickly("DELETE FROM tags", [])


async def test_every_query_is_observed(live: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    observed: list[tuple[str, float]] = []
    for module in (read_pool_sqlite, read_pool_postgresql):
        monkeypatch.setattr(module, "query_ran", lambda *query: observed.append(query))

    await live.read_pool.fetch(ONE, {})

    ((statement, seconds),) = observed
    assert statement.startswith("SELECT 1")
    assert 0 < seconds < 5


async def test_a_mistake_is_ours_and_an_outage_passes(live: Database, template: Template, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no_such_thing") as mistake:
        await live.read_pool.fetch(CompiledSelect(select(literal_column("no_such_thing"))), {})
    assert not is_transient(mistake.value)

    for url in unusable_databases(template, tmp_path):
        away = open_database(url)
        with pytest.raises(Exception) as outage:  # noqa: PT011 - which one is the driver's affair
            await away.read_pool.fetch(ONE, {})
        assert is_transient(outage.value)
        await away.dispose()


async def test_connections_that_have_died_are_replaced_unnoticed(template: Template, live: Database) -> None:
    if template.is_sqlite:
        pytest.skip("there is no server that could go away")
    await asyncio.gather(live.read_pool.fetch(ONE, {}), live.read_pool.fetch(ONE, {}))
    async with live.reading() as session:
        await session.execute(text(ENDING.format("pid <> pg_backend_pid()")))

    for _ in range(3):
        assert [row[0] for row in await live.read_pool.fetch(ONE, {})] == [1]


async def test_a_connection_that_dies_under_a_query_is_asked_again(template: Template, live: Database) -> None:
    if template.is_sqlite:
        pytest.skip("there is no server that could go away")
    slow = CompiledSelect(select(literal_column("pg_sleep(0.3)")))
    await live.read_pool.fetch(ONE, {})
    asked = asyncio.ensure_future(live.read_pool.fetch(slow, {}))
    await asyncio.sleep(0.05)
    async with live.reading() as session:
        found = await session.execute(text(ENDING.format("query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()")))
        assert len(found.all()) == 1

    assert len(await asked) == 1


async def test_who_finds_all_connections_in_use_does_not_wait_long(template: Template, live: Database) -> None:
    if template.is_sqlite:
        pytest.skip("there is one connection, which answers at once")
    slow = CompiledSelect(select(literal_column("pg_sleep(0.3)")))
    asked = [asyncio.ensure_future(live.read_pool.fetch(slow, {})) for _ in range(2)]
    await asyncio.sleep(0.01)

    with pytest.raises(PoolTimeoutError):
        await live.read_pool.fetch(ONE, {})

    await asyncio.gather(*asked)
    assert len(await live.read_pool.fetch(ONE, {})) == 1


async def test_who_does_not_wait_for_the_answer_leaves_nothing_behind(template: Template, live: Database) -> None:
    if template.is_sqlite:
        pytest.skip("nobody can go away meanwhile")
    slow = CompiledSelect(select(literal_column("pg_sleep(5)")))
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(live.read_pool.fetch(slow, {}), 0.05)

    assert [row[0] for row in await live.read_pool.fetch(ONE, {})] == [1]


async def test_a_question_that_takes_long_keeps_nobody_else_waiting(template: Template, live: Database) -> None:
    if not template.is_sqlite:
        pytest.skip("the server takes its time by itself")
    numbers = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 2000000)"
    counting = f"({numbers} SELECT max(n) FROM r)"  # noqa: S608 - nothing in it comes from outside
    slow = asyncio.ensure_future(live.read_pool.fetch(CompiledSelect(select(literal_column(counting))), {}))
    await asyncio.sleep(0)

    assert len(await live.read_pool.fetch(ONE, {})) == 1
    assert not slow.done()
    assert [row[0] for row in await slow] == [2_000_000]


async def test_a_database_that_is_away_is_answered_with_503(
    app: FastAPI, anonymous: httpx.AsyncClient, template: Template, tmp_path: Path
) -> None:
    for url in unusable_databases(template, tmp_path):
        away = open_database(url)
        app.state.database = replace(app.state.database, read_pool=away.read_pool)
        for path in ("/articles", "/articles/x", "/tags", "/categories", "/authors", "/articles/x/comments"):
            problem_in(await anonymous.get(path), 503, "unavailable")
        await away.dispose()


SHAPES: dict[str, Any] = {
    "/articles": Page[ArticleSummary],
    "/articles/an-article": ArticleOut,
    "/articles/an-article/comments": Page[CommentOut],
    "/tags": Page[TagOut],
    "/tags/red": TagOut,
    "/authors": Page[AuthorOut],
    "/authors/anna": AuthorOut,
}


@pytest.fixture
async def anna(users: Users) -> httpx.AsyncClient:
    client = await users.client(Role.AUTHOR, username="anna", bio="Ünïcode ✓")
    editor = await users.client(Role.EDITOR)
    await editor.post("/categories", json={"name": "News"})
    await publish(client, tags=["red", "blue"], category="news", excerpt='"Quoted" & <b>', body_markdown="*Hi* ✓")
    await comment(client, "an-article", "Well said ✓")
    return client


@pytest.mark.parametrize(("path", "schema"), SHAPES.items())
@pytest.mark.parametrize("role", [None, Role.READER, Role.EDITOR])
async def test_answers_are_what_their_schemas_say_for_everybody(
    anna: httpx.AsyncClient, users: Users, path: str, schema: Any, role: Role | None
) -> None:
    response = (await (await users.client(role)).get(path)).text

    assert response == schema.model_validate_json(response).model_dump_json()
    assert response == (await anna.get(path)).text


async def test_categories_are_what_their_schema_says(anna: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    (tree,) = await read(anonymous, "/categories")

    assert CategoryTree.model_validate(tree).model_dump() == tree
    assert await read(anna, "/categories/news") == {key: value for key, value in tree.items() if key != "children"}


async def test_what_is_written_is_answered_as_it_is_read(anna: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    changed = await anna.patch("/articles/an-article", json={"title": "Another", "tags": ["x", "a"]})

    assert changed.text == (await anonymous.get("/articles/an-article")).text


async def test_keys_are_noted_of_what_anonymous_clients_are_shown_and_nobody_else(
    app: FastAPI, anna: httpx.AsyncClient, session: Any
) -> None:
    stored = await session.scalar(select(Article))
    tags = [tag(tag_id) for tag_id in await session.scalars(select(Tag.id))]
    shown = SurrogateKeys()

    async def collecting(scope: Any, receive: Any, send: Any) -> None:
        await app.state.response_cache.app({**scope, SURROGATE_KEYS: shown}, receive, send)

    for headers, expected in (
        ({}, {ARTICLES, article(stored.id), author(stored.author_id), *tags, f"category:{stored.category_id}"}),
        (anna.headers, set()),
    ):
        shown.keys.clear()
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(collecting), base_url=API, headers=headers
        ) as client:
            assert (await client.get("/articles")).status_code == 200
        assert shown.keys == expected
