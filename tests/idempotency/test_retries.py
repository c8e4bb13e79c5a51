"""A request that is sent again with its key gets the first answer, and nothing is done twice."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Article
from app.core import clock
from app.core.roles import Role
from app.idempotency.models import IdempotencyKey
from app.idempotency.service import KEPT_FOR
from tests.support.jobs import run_chores
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users
from tests.support.writing import publish, walk

KEY = {"Idempotency-Key": "6f1a1a52-8b7e-4c8e-9a55-0d7c7c0f3c55"}
ARTICLE = {"title": "Once", "body_markdown": "Ünïcode ☃", "tags": ["one"]}


async def number_of(session: AsyncSession, table: Any) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


def assert_replays(retry: httpx.Response, first: httpx.Response) -> None:
    assert "Idempotency-Replayed" not in first.headers
    assert retry.headers["Idempotency-Replayed"] == "true"
    assert (retry.status_code, retry.content) == (first.status_code, first.content)
    for name in ("Content-Type", "Content-Length", "ETag", "Location"):
        assert retry.headers.get(name) == first.headers.get(name)


async def test_a_retry_gets_the_first_answer_byte_for_byte(author: httpx.AsyncClient, session: AsyncSession) -> None:
    first = await author.post("/articles", json=ARTICLE, headers=KEY)
    # What becomes of it later makes no difference.
    changed = await author.patch("/articles/once", json={"title": "Changed", "slug": "changed"})
    retries = [await author.post("/articles", json=ARTICLE, headers=KEY) for _ in range(2)]

    assert first.status_code == 201, first.text
    assert changed.status_code == 200
    for retry in retries:
        assert_replays(retry, first)
    assert await number_of(session, Article) == 1


async def test_even_if_it_was_deleted_meanwhile(author: httpx.AsyncClient, session: AsyncSession) -> None:
    first = await author.post("/articles", json=ARTICLE, headers=KEY)
    assert (await author.delete("/articles/once")).status_code == 204

    assert_replays(await author.post("/articles", json=ARTICLE, headers=KEY), first)
    assert await number_of(session, Article) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/articles", {"title": "Given", "slug": "given"}, 201),
        ("/articles/an-article/comments", {"body_markdown": "Well said."}, 201),
        ("/categories", {"name": "Science", "slug": "science"}, 201),
        ("/tags/one/merges", {"tags": ["two"]}, 200),
    ],
)
async def test_whatever_creates_something_can_be_repeated(
    editor: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    await publish(editor, tags=["one", "two"])

    first = await editor.post(path, json=body, headers=KEY)

    assert first.status_code == status, first.text
    assert_replays(await editor.post(path, json=body, headers=KEY), first)
    other = await editor.post(path, json=body, headers={"Idempotency-Key": "another"})
    assert other.content != first.content


@pytest.mark.parametrize("other", [{**ARTICLE, "title": "Twice"}, {"title": "Once"}, {}, {"title": 1}])
async def test_another_body_is_refused(author: httpx.AsyncClient, session: AsyncSession, other: Any) -> None:
    await author.post("/articles", json=ARTICLE, headers=KEY)

    problem_in(await author.post("/articles", json=other, headers=KEY), 422, "idempotency_key_reused")
    assert await number_of(session, Article) == 1


async def test_another_address_is_refused(editor: httpx.AsyncClient) -> None:
    for title in ("One", "Two"):
        await publish(editor, title)
    body = {"body_markdown": "Well said."}
    assert (await editor.post("/articles/one/comments", json=body, headers=KEY)).status_code == 201

    for path in ("/articles/two/comments", "/categories", "/articles/one/comments?page=2"):
        problem_in(await editor.post(path, json=body, headers=KEY), 422, "idempotency_key_reused")
    assert await walk(editor, "/articles/two/comments") == []


async def test_every_account_has_keys_of_its_own(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    answers = [await client.post("/articles", json=ARTICLE, headers=KEY) for client in (author, editor)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len({answer.json()["slug"] for answer in answers}) == 2
    assert not any("Idempotency-Replayed" in answer.headers for answer in answers)


async def test_a_key_ends_after_a_day(users: Users, session: AsyncSession) -> None:
    user = await users.user(Role.AUTHOR)
    start = clock.now()
    slugs = []
    for age in (timedelta(), KEPT_FOR - timedelta(minutes=1), KEPT_FOR + timedelta(seconds=5), 2 * KEPT_FOR):
        with time_machine.travel(start + age, tick=False):
            client = await users.client_for(user)
            slugs.append((await client.post("/articles", json=ARTICLE, headers=KEY)).json()["slug"])

    # The third request began a new day, which had not ended yet when the last one came.
    assert slugs == ["once", "once", "once-2", "once-2"]
    assert await number_of(session, IdempotencyKey) == 1


async def test_keys_that_have_ended_are_removed(app: FastAPI, author: httpx.AsyncClient, session: AsyncSession) -> None:
    await author.post("/articles", json=ARTICLE, headers=KEY)
    await run_chores(app)
    assert await number_of(session, IdempotencyKey) == 1

    with time_machine.travel(clock.now() + KEPT_FOR + timedelta(hours=1)):
        await run_chores(app)

    assert await number_of(session, IdempotencyKey) == 0


async def test_what_was_refused_can_be_corrected(author: httpx.AsyncClient, session: AsyncSession) -> None:
    problem_in(await author.post("/articles", json={"title": ""}, headers=KEY), 422, "validation_error")
    unknown = {**ARTICLE, "category": "nowhere"}
    problem_in(await author.post("/articles", json=unknown, headers=KEY), 409, "unknown_category")
    assert await number_of(session, IdempotencyKey) == 0

    assert (await author.post("/articles", json=ARTICLE, headers=KEY)).status_code == 201


async def test_what_could_not_be_stored_leaves_no_key(
    author: httpx.AsyncClient, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_session: AsyncSession) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(AsyncSession, "commit", fail)
        assert (await author.post("/articles", json=ARTICLE, headers=KEY)).status_code == 503
    assert [await number_of(session, table) for table in (Article, IdempotencyKey)] == [0, 0]

    assert (await author.post("/articles", json=ARTICLE, headers=KEY)).status_code == 201


async def test_without_a_key_it_takes_no_statement(app: FastAPI, author: httpx.AsyncClient) -> None:
    counts = []
    for headers in ({}, KEY, KEY):
        with recorded_statements(app.state.database) as statements:
            await author.post("/articles", json=ARTICLE, headers=headers)
        about_keys = [statement for statement in statements if "idempotency_keys" in statement]
        counts.append(len(about_keys))
        others = len(statements) - len(about_keys)

    # The last is a replay: who asks, and what the answer was.
    assert counts == [0, 2, 1]
    assert others == 1


async def test_retries_count_for_rate_limits(author: httpx.AsyncClient) -> None:
    await publish(author)
    left = []
    for _ in range(3):
        response = await author.post("/articles/an-article/comments", json={"body_markdown": "Hi"}, headers=KEY)
        left.append(response.headers["RateLimit"])

    assert len(set(left)) == 3
    while response.status_code == 201:
        response = await author.post("/articles/an-article/comments", json={"body_markdown": "Hi"}, headers=KEY)
    problem_in(response, 429, "too_many_requests")


async def test_a_long_answer_is_stored_and_repeated_whole(author: httpx.AsyncClient) -> None:
    body = {"title": "Long", "body_markdown": "Wörter und Sätze. " * 25_000}

    first = await author.post("/articles", json=body, headers=KEY)

    assert len(first.content) > 900_000
    assert_replays(await author.post("/articles", json=body, headers=KEY), first)


async def test_what_is_stored_is_of_no_use_elsewhere(author: httpx.AsyncClient, session: AsyncSession) -> None:
    await author.post("/articles", json=ARTICLE, headers=KEY)

    (stored,) = await session.scalars(select(IdempotencyKey))
    assert set(stored.headers) <= {"content-type", "etag", "location"}
    assert len(stored.fingerprint) == 64
