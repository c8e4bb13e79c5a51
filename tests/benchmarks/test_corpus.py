"""A tiny corpus on both databases: whatever is measured answers, and the yardsticks answer the same."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.rate_limiter import RateLimiter
from app.db.session import create_engine
from benchmarks.baselines import orm, raw
from benchmarks.corpus import COMMON_TAG, Size, comment_counts, tables
from benchmarks.filling import fill
from benchmarks.operations import Operations
from benchmarks.wrk import Request
from tests.support.databases import Template, undone_database
from tests.support.users import client_of

# A corpus is written, and servers answer from it.
pytestmark = pytest.mark.process

TINY = Size(articles=50, words=100, tags=20, authors=5)


@pytest.fixture(scope="module")
async def filled(template: Template) -> AsyncIterator[str]:
    async with template.copy() as url:
        await fill(url, TINY)
        yield url


@pytest.fixture
async def filled_app(shared_app: FastAPI, filled: str) -> AsyncIterator[FastAPI]:
    engine = create_engine(filled)
    async with undone_database(engine) as database:
        shared_app.state.database = database
        shared_app.state.process.limiter = RateLimiter(None)
        yield shared_app
    await engine.dispose()


async def _operations(client: httpx.AsyncClient) -> Operations:
    lists = [await client.get(f"/articles?limit=2{tag}") for tag in ("", f"&tag={COMMON_TAG}")]
    return Operations(TINY, *(response.json()["next_cursor"] for response in lists))


async def _ask(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    return await client.request(
        request.method, f"http://blog.example.com{request.path}", headers=request.headers, content=request.body
    )


async def test_every_operation_is_answered_well(filled_app: FastAPI) -> None:
    async with client_of(filled_app) as client:
        operations = await _operations(client)
        logins = [(await _ask(client, request)).json() for request in operations.logins()[:2]]
        tokens = [login["access_token"] for login in logins]
        reads = [operations.newest(), operations.article(), operations.tag_page(), operations.comments()]
        lists = [operations.other_newest(), operations.other_articles(), operations.other_comments()]
        lists += [operations.other_tag_pages(), operations.first_tag_pages(), operations.reads(5, run=1)]
        reads += [request for requests in lists for request in requests[:2]]
        assert {(await _ask(client, request)).status_code for request in reads} == {200}
        writes = [*operations.new_articles(tokens, 2, run=1), *operations.new_comments(tokens, 2, run=1)]
        assert {(await _ask(client, request)).status_code for request in writes} == {201}


async def test_lists_and_counts_agree_with_what_was_written(filled_app: FastAPI) -> None:
    async with client_of(filled_app) as client:
        tags = {tag["slug"]: tag["article_count"] for tag in (await client.get("/tags?limit=100")).json()["items"]}
        newest = (await client.get("/articles?limit=100")).json()["items"]
        comments = (await client.get(f"/articles/{newest[0]['slug']}/comments?limit=100")).json()["items"]
    assert len(newest) == TINY.articles
    assert tags[COMMON_TAG] == sum(COMMON_TAG in {tag["slug"] for tag in article["tags"]} for article in newest) == 5
    assert sum(tags.values()) == 3 * TINY.articles
    assert [article["comment_count"] for article in reversed(newest)] == comment_counts(TINY)
    assert newest[0]["comment_count"] == len(comments)


async def test_yardsticks_answer_what_the_blog_answers(filled_app: FastAPI, filled: str) -> None:
    source = raw.source_at(filled)
    await source.open()
    orm_app = orm.create_app(filled)
    try:
        async with (
            client_of(filled_app) as client,
            _client(raw.create_app(source)) as driver,
            _client(orm_app) as entities,
        ):
            operations = await _operations(client)
            for request in (operations.newest(), operations.other_newest()[0], operations.article()):
                expected = (await _ask(client, request)).json()
                assert (await _ask(driver, request)).json() == expected
                assert (await _ask(entities, request)).json() == expected
    finally:
        await source.close()
        await orm_app.state.database.dispose()


def _client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))


def test_the_same_size_makes_the_same_corpus() -> None:
    first, second = (
        {table.name: list(table.rows) for table in tables(TINY, ["published_at"]) if table.name != "users"}
        for _ in range(2)
    )
    assert first == second
    assert len(first["comments"]) == TINY.comments == 150
