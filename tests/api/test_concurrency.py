"""Many requests at once, over real connections: nothing is lost, doubled or answered with a failure of ours."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.accounts.models import User
from app.content.models import Category, Tag
from app.core.roles import Role
from tests.support.mails import mailed_token, mails_waiting, token_in
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read, walk, write

# Dozens of requests race each other over real connections in each of them.
pytestmark = pytest.mark.process
MANY = 30
PASSWORD = "correct horse battery"
ACTING_ADMINS = select(func.count()).select_from(User).where(User.role == Role.ADMIN, User.is_active)


async def at_once(requests: Iterable[Awaitable[httpx.Response]]) -> Counter[int]:
    """How often each status is answered to requests that run at the same time."""
    return Counter(response.status_code for response in await asyncio.gather(*requests))


@pytest.fixture
async def author(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.AUTHOR)


@pytest.fixture
async def editor(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.EDITOR)


async def stored(app: FastAPI, statement: Any) -> Any:
    async with app.state.database.reading() as session:
        return await session.scalar(statement)


async def test_one_address_is_confirmed_once(live_app: FastAPI, live_users: Users) -> None:
    anonymous = await live_users.client()
    emails = ["anna@example.com", "ANNA@example.com", "Anna@Example.COM"]

    responses = await at_once(
        anonymous.post(
            "/auth/register", json={"email": emails[number % 3], "username": f"anna-{number}", "password": PASSWORD}
        )
        for number in range(MANY)
    )
    assert responses == {202: MANY}
    tokens = [token_in(mail.text) for mail in await mails_waiting(live_app)]
    assert len(set(tokens)) == MANY

    responses = await at_once(anonymous.post("/auth/verify", json={"token": token}) for token in tokens)

    assert responses == {200: 1, 403: MANY - 1}
    assert await stored(live_app, select(func.count()).where(User.email == "anna@example.com")) == 1


async def test_one_username_is_registered_once(live_app: FastAPI, live_users: Users) -> None:
    anonymous = await live_users.client()

    responses = await at_once(
        anonymous.post(
            "/auth/register", json={"email": f"anna-{number}@example.com", "username": "anna", "password": PASSWORD}
        )
        for number in range(MANY)
    )

    assert responses == {202: 1, 409: MANY - 1}
    assert await stored(live_app, select(func.count()).select_from(User)) == 1


async def test_one_title_gets_many_slugs(author: httpx.AsyncClient) -> None:
    responses = await at_once(author.post("/articles", json={"title": "Same"}) for _ in range(MANY))

    assert responses == {201: MANY}
    slugs = names(await walk(author, "/articles", status="draft", limit=100))
    assert len(slugs) == len(set(slugs)) == MANY
    assert "same" in slugs


async def test_one_slug_that_is_given_is_taken_once(author: httpx.AsyncClient) -> None:
    responses = await at_once(author.post("/articles", json={"title": "x", "slug": "mine"}) for _ in range(10))

    assert responses == {201: 1, 409: 9}


async def test_comments_are_all_counted(author: httpx.AsyncClient) -> None:
    await publish(author)

    responses = await at_once(
        author.post("/articles/an-article/comments", json={"body_markdown": f"Number {number}"})
        for number in range(MANY)
    )

    assert responses == {201: MANY}
    assert (await read(author, "/articles/an-article"))["comment_count"] == MANY
    assert len(await walk(author, "/articles/an-article/comments")) == MANY


async def test_comments_answers_and_changes_of_the_article_do_not_wait_for_each_other_for_ever(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author)
    parent = await comment(author, "an-article")
    doomed = [await comment(author, "an-article", parent=parent) for _ in range(10)]

    responses = await at_once(
        [
            *(
                author.post("/articles/an-article/comments", json={"body_markdown": "x", "parent_id": parent["id"]})
                for _ in range(20)
            ),
            *(editor.patch("/articles/an-article", json={"title": f"Title {number}"}) for number in range(10)),
            *(editor.delete(f"/comments/{item['id']}") for item in doomed),
            *(author.put("/articles/an-article/publication") for _ in range(10)),
        ]
    )

    assert responses == {201: 20, 200: 20, 204: 10}
    assert (await read(author, "/articles/an-article"))["comment_count"] == 21


async def test_a_comment_is_deleted_once(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author)
    await comment(author, "an-article", "Stays")
    path = f"/comments/{(await comment(author, 'an-article'))['id']}"

    responses = await at_once(client.delete(path) for client in [author, editor] * 5)

    assert responses == {204: 1, 404: 9}
    assert (await read(author, "/articles/an-article"))["comment_count"] == 1


async def test_a_comment_is_restored_once(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author)
    path = f"/comments/{(await comment(author, 'an-article'))['id']}"
    await author.delete(path)

    responses = await at_once(editor.put(f"{path}/restoration") for _ in range(10))

    assert responses == {200: 10}
    assert (await read(author, "/articles/an-article"))["comment_count"] == 1


async def test_a_new_tag_is_made_once(live_app: FastAPI, author: httpx.AsyncClient) -> None:
    tags = ["New", "Newer", "Newest"]

    responses = await at_once(
        author.post("/articles", json={"title": f"Number {number}", "tags": tags[:: (-1) ** number]})
        for number in range(MANY)
    )

    assert responses == {201: MANY}
    assert await stored(live_app, select(func.count()).select_from(Tag)) == len(tags)
    tagged = await walk(author, "/articles", status="draft", tag=["new", "newer", "newest"], limit=100)
    assert len(tagged) == MANY


async def test_changes_of_different_fields_are_all_kept(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await write(author)
    changes: dict[str, Any] = {
        "title": "Another title",
        "body_markdown": "Another body",
        "excerpt": "Another excerpt",
        "language": "de",
        "cover_image_url": "https://example.com/a.png",
        "tags": ["another"],
    }

    responses = await at_once(
        client.patch("/articles/an-article", json={name: value})
        for client in (author, editor)
        for name, value in changes.items()
    )

    assert responses == {200: 2 * len(changes)}
    article = await read(author, "/articles/an-article")
    assert {**{name: article[name] for name in changes}, "tags": names(article["tags"])} == changes


@pytest.mark.parametrize("deposed", [{"role": "author"}, {"is_active": False}])
async def test_two_admins_who_depose_each_other_leave_one(
    live_app: FastAPI, live_users: Users, deposed: dict[str, Any]
) -> None:
    admins = [await live_users.user(Role.ADMIN) for _ in range(2)]
    clients = [await live_users.client_for(admin) for admin in admins]

    responses = await at_once(
        clients[number % 2].patch(f"/users/{admins[1 - number % 2].id}", json=deposed) for number in range(10)
    )

    assert set(responses) <= {200, 401, 403, 409}
    assert await stored(live_app, ACTING_ADMINS) == 1


async def test_admins_who_delete_each_other_leave_one(live_app: FastAPI, live_users: Users) -> None:
    admins = [await live_users.user(Role.ADMIN) for _ in range(4)]
    clients = [await live_users.client_for(admin) for admin in admins]

    responses = await at_once(client.delete(f"/users/{admin.id}") for client in clients for admin in admins)

    assert set(responses) <= {204, 401, 404, 409}
    assert await stored(live_app, ACTING_ADMINS) == 1


async def test_moves_never_close_a_circle(live_app: FastAPI, editor: httpx.AsyncClient) -> None:
    slugs = ["a", "b", "c", "d"]
    for slug in slugs:
        await editor.post("/categories", json={"name": slug})

    for shift in (1, 2, 3):
        responses = await at_once(
            editor.patch(f"/categories/{slug}", json={"parent": slugs[(number + shift) % len(slugs)]})
            for number, slug in enumerate(slugs)
        )
        assert set(responses) <= {200, 409}

    async with live_app.state.database.reading() as session:
        parents = {row.id: row.parent_id for row in await session.scalars(select(Category))}
    for parent in parents.values():
        above, steps = parent, 0
        while above is not None:
            above, steps = parents[above], steps + 1
            assert steps < len(slugs)


async def test_categories_and_the_articles_in_them_change_at_once(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    for slug in ("a", "b", "c"):
        await editor.post("/categories", json={"name": slug})
    await write(author, category="a")

    responses = await at_once(
        [
            *(author.patch("/articles/an-article", json={"category": slug}) for slug in "abcabc"),
            *(editor.delete(f"/categories/{slug}") for slug in "ab"),
        ]
    )

    assert set(responses) <= {200, 204, 409}


async def test_a_reset_token_works_once(live_app: FastAPI, live_users: Users) -> None:
    user = await live_users.user()
    anonymous = await live_users.client()
    await anonymous.post("/auth/forgot-password", json={"email": user.email})
    token = await mailed_token(live_app)

    responses = await at_once(
        anonymous.post("/auth/reset-password", json={"token": token, "password": f"{PASSWORD} {number}"})
        for number in range(5)
    )

    assert responses == {204: 1, 403: 4}
