"""The same request, several times at once: one of them creates, and all get its answer."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.comments.models import Comment
from app.content.models import Article, Category
from app.core.roles import Role
from app.idempotency.models import IdempotencyKey
from tests.support.users import Users
from tests.support.writing import publish

# Over real connections, of which each test opens many.
pytestmark = pytest.mark.process
KEY = {"Idempotency-Key": "a key"}
MANY = 10


@pytest.fixture
async def editor(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.EDITOR)


async def number_of(app: FastAPI, table: Any) -> int:
    async with app.state.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("path", "body", "table"),
    [
        ("/articles", {"title": "Once"}, Article),
        # Whoever comes second finds the slug taken, by what is its own.
        ("/articles", {"title": "Once", "slug": "once", "tags": ["one"]}, Article),
        ("/categories", {"name": "Science"}, Category),
        ("/categories", {"name": "Science", "slug": "science"}, Category),
        ("/articles/an-article/comments", {"body_markdown": "Once"}, Comment),
    ],
)
async def test_ten_at_once_create_one(
    live_app: FastAPI, editor: httpx.AsyncClient, path: str, body: Any, table: Any
) -> None:
    if table is Comment:
        await publish(editor)

    answers = await asyncio.gather(*(editor.post(path, json=body, headers=KEY) for _ in range(MANY)))

    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == MANY - 1
    assert await number_of(live_app, table) == 1
    assert await number_of(live_app, IdempotencyKey) == 1


async def test_of_different_requests_at_once_one_is_the_first(live_app: FastAPI, editor: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(editor.post("/articles", json={"title": f"Number {number}"}, headers=KEY) for number in range(MANY))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: MANY - 1}
    assert {answer.json().get("code") for answer in answers} == {None, "idempotency_key_reused"}
    assert await number_of(live_app, Article) == 1


async def test_different_keys_do_not_wait_for_each_other(live_app: FastAPI, editor: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(editor.post("/articles", json={"title": "x"}, headers={"Idempotency-Key": f"{n}"}) for n in range(MANY))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert await number_of(live_app, Article) == MANY
    assert await number_of(live_app, IdempotencyKey) == MANY
