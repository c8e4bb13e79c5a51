"""Whoever repeats a request has to be allowed to make it, as if it were the first time."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import LoginSession, PersonalToken, User
from app.core.opaque_tokens import digest_of
from app.core.roles import Role
from app.idempotency.models import IdempotencyKey
from tests.support.oidc import LocalProvider
from tests.support.problems import problem_in
from tests.support.signing_in import offered_by, returned_to_link
from tests.support.users import Users, client_of
from tests.support.writing import publish

KEY = {"Idempotency-Key": "a key"}
ARTICLE = {"title": "Once"}
CHANGES = [
    ({"role": Role.READER}, 403, "forbidden"),
    ({"is_verified": False}, 403, "email_not_verified"),
    ({"is_active": False}, 401, "invalid_token"),
    ({"token_version": 99}, 401, "invalid_token"),
]


async def script(users: Users, user: User, scopes: str) -> httpx.AsyncClient:
    """A client with a personal access token of this account."""
    token = f"clp_{scopes.replace(' ', '_')}"
    async with users.app.state.database.writing() as session:
        session.add(PersonalToken(user_id=user.id, name="Script", digest=digest_of(token), scope=scopes))
        await session.commit()
    client = client_of(users.app, token)
    users.clients.append(client)
    return client


@pytest.fixture
def elsewhere(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalProvider]:
    with offered_by(app, monkeypatch) as provider:
        yield provider


@pytest.mark.parametrize("path", ["/articles", "/articles/an-article/comments", "/categories", "/tags/one/merges"])
async def test_strangers_have_no_keys(anonymous: httpx.AsyncClient, path: str) -> None:
    problem_in(await anonymous.post(path, json={}, headers=KEY), 401, "not_authenticated")
    headers = {**KEY, "Authorization": "Bearer nonsense"}
    problem_in(await anonymous.post(path, json={}, headers=headers), 401, "invalid_token")


@pytest.mark.parametrize(("change", "status", "code"), CHANGES)
async def test_who_may_no_longer_do_it_gets_no_answer(
    users: Users, session: AsyncSession, change: dict[str, Any], status: int, code: str
) -> None:
    user = await users.user(Role.AUTHOR)
    client = await users.client_for(user)
    assert (await client.post("/articles", json=ARTICLE, headers=KEY)).status_code == 201
    await session.execute(update(User).where(User.id == user.id).values(change))
    await session.commit()

    problem_in(await client.post("/articles", json=ARTICLE, headers=KEY), status, code)


async def test_who_was_logged_out_gets_no_answer(users: Users, session: AsyncSession) -> None:
    client = await users.client(Role.AUTHOR)
    assert (await client.post("/articles", json=ARTICLE, headers=KEY)).status_code == 201
    assert (await client.post("/auth/logout")).status_code == 204

    problem_in(await client.post("/articles", json=ARTICLE, headers=KEY), 401, "invalid_token")
    assert await session.scalar(select(func.count()).select_from(LoginSession)) == 0


@pytest.mark.parametrize("scopes", ["read", "read comment", "moderate", "admin"])
async def test_a_token_without_the_scope_gets_no_answer(users: Users, scopes: str) -> None:
    user = await users.user(Role.AUTHOR)
    client = await users.client_for(user)
    assert (await client.post("/articles", json=ARTICLE, headers=KEY)).status_code == 201

    unable, able = await script(users, user, scopes), await script(users, user, "write")

    problem_in(await unable.post("/articles", json=ARTICLE, headers=KEY), 403, "insufficient_scope")
    retry = await able.post("/articles", json=ARTICLE, headers=KEY)
    assert retry.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/articles/an-article/comments", {"body_markdown": "Hi"}),
        ("/categories", {"name": "Science"}),
        ("/tags/one/merges", {"tags": ["two"]}),
    ],
)
async def test_nor_does_one_elsewhere(users: Users, path: str, body: Any) -> None:
    user = await users.user(Role.EDITOR)
    client = await users.client_for(user)
    await publish(client, tags=["one", "two"])
    assert (await client.post(path, json=body, headers=KEY)).is_success

    unable = await script(users, user, "read write")

    problem_in(await unable.post(path, json=body, headers=KEY), 403, "insufficient_scope")


async def test_only_the_owner_in_person_repeats_what_guards_the_account(users: Users, elsewhere: LocalProvider) -> None:
    user = await users.user()
    client = await users.client_for(user)
    body = await returned_to_link(client, elsewhere, "oidc")
    path = "/users/me/providers/oidc"
    first = await client.post(path, json=body, headers=KEY)
    assert first.status_code == 201, first.text

    # The code from the provider has been used up.
    retry = await client.post(path, json=body, headers=KEY)
    assert (retry.headers["Idempotency-Replayed"], retry.content) == ("true", first.content)
    tool = await script(users, user, "read comment")
    problem_in(await tool.post(path, json=body, headers=KEY), 403, "login_required")


async def test_somebody_elses_key_says_nothing(users: Users) -> None:
    one, other = await users.client(Role.AUTHOR), await users.client(Role.AUTHOR)
    first = await one.post("/articles", json=ARTICLE, headers=KEY)

    stranger = await other.post("/articles", json={"title": "Something else"}, headers=KEY)

    assert stranger.status_code == 201
    assert stranger.json()["slug"] != first.json()["slug"]


async def test_keys_are_gone_with_the_account(users: Users, session: AsyncSession) -> None:
    user = await users.user(Role.AUTHOR)
    client = await users.client_for(user)
    await client.post("/articles", json=ARTICLE, headers=KEY)
    admin = await users.client(Role.ADMIN)
    response = await admin.request("DELETE", f"/users/{user.id}", json={"articles": "remove"})
    assert response.status_code == 204, response.text

    assert await session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
