"""Of many that want one slug at once, one gets it, and the others are told so."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.content.models import Article, ArticleSlug
from app.core.roles import Role
from tests.support.permalinks import leads
from tests.support.users import Users
from tests.support.writing import publish, write

# Dozens of requests race each other over real connections in each of them.
pytestmark = pytest.mark.process
MANY = 8


async def at_once(requests: Iterable[Awaitable[httpx.Response]]) -> Counter[tuple[int, str | None]]:
    """How often each status and code is answered to requests that run at the same time."""
    responses = await asyncio.gather(*requests)
    return Counter((each.status_code, each.json().get("code")) for each in responses)


@pytest.fixture
async def author(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.AUTHOR)


async def held(app: FastAPI) -> None:
    """Expect that every article holds its slug."""
    async with app.state.database.reading() as session:
        articles = (await session.execute(select(Article.slug, Article.id))).all()
        slugs = dict((await session.execute(select(ArticleSlug.slug, ArticleSlug.held_by))).tuples().all())
    assert all(slugs[slug] == article_id for slug, article_id in articles)


async def test_one_slug_is_given_to_one_of_many(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    for number in range(MANY):
        await publish(author, slug=f"a-{number}", tags=["shared"])
    body = {"slug": "wanted", "tags": ["shared", "fresh"]}

    answers = await at_once(
        request
        for number in range(0, MANY, 2)
        for request in (
            author.patch(f"/articles/a-{number}", json=body),
            author.patch(f"/articles/a-{number + 1}/draft", json=body),
            author.post("/articles", json={"title": "New", "status": "published", **body}),
        )
    )

    assert answers[409, "slug_taken"] == MANY * 3 // 2 - 1
    assert answers.total() - answers[409, "slug_taken"] == 1
    await held(live_app)


async def test_slugs_that_change_hands_block_nobody(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    for number in range(4):
        await publish(author, slug=f"a-{number}", tags=["shared"])
    for _ in range(3):
        answers = await at_once(
            author.patch(f"/articles/a-{number}", json={"slug": f"a-{(number + 1) % 4}"}) for number in range(4)
        )
        assert answers == {(409, "slug_taken"): 4}

    # Each gives up its own and wants one that another gave up.
    for number in range(4):
        await author.patch(f"/articles/a-{number}", json={"slug": f"b-{number}"})
    answers = await at_once(
        author.patch(f"/articles/b-{number}", json={"slug": f"a-{(number + 1) % 4}"}) for number in range(4)
    )
    assert answers == {(200, None): 4}
    await held(live_app)
    await leads(author, "/articles/b-0", "/articles/a-1")


async def test_one_article_is_renamed_by_many(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await publish(author, slug="old")

    answers = await at_once(author.patch("/articles/old", json={"slug": f"new-{number}"}) for number in range(MANY))

    assert answers == {(200, None): 1, (404, "article_not_found"): MANY - 1}
    await held(live_app)


async def test_one_link_is_taken_over_by_one_draft(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    await publish(author, slug="old")
    await author.patch("/articles/old", json={"slug": "new"})
    for number in range(MANY):
        await write(author, slug=f"draft-{number}")

    answers = await at_once(
        author.patch(f"/articles/draft-{number}", json={"slug": "old", "tags": [f"t{number}", "shared"]})
        for number in range(MANY)
    )

    assert answers == {(200, None): 1, (409, "slug_taken"): MANY - 1}
    await held(live_app)


async def test_links_are_taken_over_while_what_they_lead_to_is_renamed(
    live_app: FastAPI, author: httpx.AsyncClient
) -> None:
    for number in range(MANY):
        await publish(author, slug=f"a-{number}", tags=["shared"])
        await author.patch(f"/articles/a-{number}", json={"slug": f"b-{number}"})

    answers = await at_once(
        request
        for number in range(MANY)
        for request in (
            author.post(
                "/articles",
                json={"title": "New", "slug": f"a-{number}", "tags": ["shared", "more"], "status": "published"},
            ),
            author.patch(f"/articles/b-{number}", json={"slug": f"c-{number}", "tags": ["shared", "other"]}),
        )
    )

    assert answers == {(201, None): MANY, (200, None): MANY}
    await held(live_app)


async def test_tags_are_renamed_and_merged_at_once(author: httpx.AsyncClient, live_users: Users) -> None:
    editor = await live_users.client(Role.EDITOR)
    await publish(author, tags=["one", "two", "three"])

    answers = await at_once(
        [
            editor.patch("/tags/one", json={"name": "Four"}),
            editor.patch("/tags/two", json={"name": "Four"}),
            editor.patch("/tags/one", json={"name": "Five"}),
            editor.post("/tags/three/merges", json={"tags": ["one"]}),
            editor.post("/tags/three/merges", json={"tags": ["two"]}),
        ]
    )

    assert {status for status, _ in answers} <= {200, 404, 409}
    for former in ("one", "two"):
        assert (await editor.get(f"/tags/{former}", follow_redirects=True)).status_code == 200
