"""`If-Match` on every PUT, PATCH and DELETE: to the wrong thing nothing happens, to the right one it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Invitation, LoginSession, Passkey, PersonalToken, ProviderAccount, User
from app.core import clock
from app.core.entity_tags import validator_of
from app.core.roles import Role
from app.db.base import Base
from tests.api.test_permissions import blog_of, routes_of
from tests.support.logins import PASSWORD, with_password
from tests.support.problems import problem_in
from tests.support.second_factors import AuthenticatorApp, totp_secret, with_totp
from tests.support.users import Users
from tests.support.writing import publish

KNOWING_IT = {"current_password": PASSWORD}
# Of what only editors see when it is deleted, and not by itself.
RESTORATION = "PUT /articles/{slug}/restoration"
CHANGING = {"PUT", "PATCH", "DELETE"}


@dataclass
class World:
    """A blog, and an admin with one of everything that an account can have."""

    admin: httpx.AsyncClient
    names: dict[str, object]

    async def body_of(self, body: Any) -> Any:
        return await body(self) if callable(body) else body


@dataclass(frozen=True)
class Change:
    """What is asked for, and where a GET shows the resource, if anywhere."""

    path: str
    body: dict[str, Any] | Callable[[World], Awaitable[dict[str, Any]]] | None = None
    shown: str | None = None


async def _code(world: World) -> dict[str, Any]:
    return {"code": AuthenticatorApp(await totp_secret(world.admin), []).code()}


async def _app(world: World) -> dict[str, Any]:
    await with_totp(world.admin)
    return KNOWING_IT


CHANGES = {
    "PATCH /articles/{slug}": Change(
        "/articles/{public}", {"title": "New", "body_markdown": "New"}, "/articles/{public}"
    ),
    "DELETE /articles/{slug}": Change("/articles/{public}", None, "/articles/{public}"),
    "DELETE /articles/{slug}/schedule": Change("/articles/{later}/schedule", None, "/articles/{later}/schedule"),
    "PUT /articles/{slug}/publication": Change("/articles/{draft}/publication", {}, "/articles/{draft}"),
    "DELETE /articles/{slug}/publication": Change("/articles/{public}/publication", None, "/articles/{public}"),
    RESTORATION: Change("/articles/{public}/restoration", None, "/articles/{public}"),
    "PATCH /redirects/{redirect_id}": Change("/redirects/{redirect}", {"note": "New"}, shown="/redirects/{redirect}"),
    "DELETE /redirects/{redirect_id}": Change("/redirects/{redirect}", shown="/redirects/{redirect}"),
    "PUT /articles/{slug}/draft": Change("/articles/{working}/draft", {"title": "New"}, "/articles/{working}/draft"),
    "PATCH /articles/{slug}/draft": Change("/articles/{working}/draft", {"title": "New"}, "/articles/{working}/draft"),
    "DELETE /articles/{slug}/draft": Change("/articles/{working}/draft", None, "/articles/{working}/draft"),
    "PATCH /articles/{slug}/revisions/{number}": Change(
        "/articles/{working}/revisions/2", {"name": "New"}, "/articles/{working}/revisions/2"
    ),
    "PUT /articles/{slug}/revisions/{number}/restoration": Change(
        "/articles/{working}/revisions/1/restoration", None, "/articles/{working}/draft"
    ),
    "PATCH /comments/{comment_id}": Change("/comments/{mine}", {"body_markdown": "New"}, shown="/comments/{mine}"),
    "DELETE /comments/{comment_id}": Change("/comments/{comment}", shown="/comments/{comment}"),
    "PUT /comments/{comment_id}/restoration": Change("/comments/{gone}/restoration"),
    "PATCH /tags/{slug}": Change("/tags/{tag}", {"name": "New"}, "/tags/{tag}"),
    "DELETE /tags/{slug}": Change("/tags/{tag}", None, "/tags/{tag}"),
    "PATCH /categories/{slug}": Change("/categories/{category}", {"name": "New"}, "/categories/{category}"),
    "DELETE /categories/{slug}": Change("/categories/{category}", None, "/categories/{category}"),
    "PATCH /users/me": Change("/users/me", {"bio": "New"}, "/users/me"),
    "DELETE /users/me": Change("/users/me", {"articles": "remove", **KNOWING_IT}, "/users/me"),
    "PUT /users/me/password": Change("/users/me/password", {"new_password": "five calm otters", **KNOWING_IT}),
    "PUT /users/me/email": Change("/users/me/email", {"email": "other@example.com", **KNOWING_IT}),
    "DELETE /users/me/email": Change("/users/me/email"),
    "PATCH /users/{user_id}": Change("/users/{user}", {"bio": "New"}, "/users/{user}"),
    "DELETE /users/{user_id}": Change("/users/{user}", None, "/users/{user}"),
    "PUT /users/me/totp": Change("/users/me/totp", _code),
    "DELETE /users/me/totp": Change("/users/me/totp", _app),
    "PATCH /users/me/passkeys/{passkey_id}": Change("/users/me/passkeys/{passkey}", {"name": "New"}),
    "DELETE /users/me/passkeys/{passkey_id}": Change("/users/me/passkeys/{passkey}", KNOWING_IT),
    "DELETE /users/me/providers/{provider}": Change("/users/me/providers/github", KNOWING_IT),
    "DELETE /auth/sessions/{session_id}": Change("/auth/sessions/{login}"),
    "DELETE /auth/personal-tokens/{token_id}": Change("/auth/personal-tokens/{token}"),
    "DELETE /invitations/{invitation_id}": Change("/invitations/{invitation}"),
}


@pytest.fixture
async def world(users: Users) -> World:
    blog = await blog_of(users)
    await users.user(Role.ADMIN)
    admin = await with_password(users, role=Role.ADMIN, pending_email="new@example.com")
    client = await users.client_for(admin)
    async with users.app.state.database.writing() as session:
        ids = await _things_of(admin, session)
        await session.commit()
    mine = await client.post(f"/articles/{blog.names['public']}/comments", json={"body_markdown": "Hi"})
    working = {"working": await _with_working_copy(client)}
    return World(client, {**blog.names, **ids, **working, "mine": mine.json()["id"]})


async def _with_working_copy(client: httpx.AsyncClient) -> str:
    slug = str((await publish(client, "Working"))["slug"])
    saved = await client.patch(f"/articles/{slug}/draft", json={"title": "Worked on"})
    assert saved.status_code == 200, saved.text
    return slug


async def _things_of(admin: User, session: AsyncSession) -> dict[str, object]:
    now = clock.now()
    key = {"credential_id": b"d", "public_key": b"e", "sign_count": 0, "transports": "", "is_backed_up": False}
    things: dict[str, Any] = {
        "token": PersonalToken(user_id=admin.id, name="Script", digest="b", scope="read"),
        "passkey": Passkey(user_id=admin.id, name="Key", **key),
        "login": LoginSession(user_id=admin.id, user_agent="", ip_address="", expires_at=now),
        "invitation": Invitation(digest="g", role=Role.AUTHOR, invited_by_id=admin.id, expires_at=now),
        "github": ProviderAccount(user_id=admin.id, provider="github", subject="1"),
    }
    session.add_all(things.values())
    await session.flush()
    return {name: thing.id for name, thing in things.items()}


async def everything(app: FastAPI) -> dict[str, list[Any]]:
    """All rows of all tables."""
    async with app.state.database.reading() as session:
        return {
            table.name: sorted(map(repr, await session.execute(select(table)))) for table in Base.metadata.sorted_tables
        }


async def ask(world: World, route: str, body: Any, **headers: str) -> httpx.Response:
    path = CHANGES[route].path.format_map(world.names)
    return await world.admin.request(route.split(maxsplit=1)[0], path, json=body, headers=headers)


async def shown_tag(world: World, route: str) -> str | None:
    shown = CHANGES[route].shown
    return (await world.admin.get(shown.format_map(world.names))).headers["ETag"] if shown is not None else None


async def prepared(world: World, route: str) -> Any:
    """The body of the request."""
    body = await world.body_of(CHANGES[route].body)
    if route == RESTORATION:
        await ask(world, "DELETE /articles/{slug}", None)
    return body


async def test_the_list_is_complete(app: FastAPI) -> None:
    changing = {route.replace(" /api/v1", " ") for route in routes_of(app) if route.split()[0] in CHANGING}

    assert changing == CHANGES.keys(), "say of each PUT, PATCH and DELETE how it is asked for, and where it is shown"


@pytest.mark.parametrize("route", CHANGES)
async def test_nothing_happens_to_what_is_something_else(app: FastAPI, world: World, route: str) -> None:
    tag = await shown_tag(world, route)
    body = await prepared(world, route)
    before = await everything(app)

    for headers in ({"If-Match": '"bogus"'}, {"If-None-Match": "*"}, {"If-Match": "W/" + (tag or '"x"')}):
        refused = await ask(world, route, body, **headers)
        problem_in(refused, 412, "precondition_failed")
        present = refused.headers.get("ETag")
        assert present == tag if route != RESTORATION else validator_of(present or "") == validator_of(tag or "")
    problem_in(await ask(world, route, body, **{"If-Match": "bogus"}), 422, "invalid_precondition")

    assert await everything(app) == before


@pytest.mark.parametrize("route", [route for route, change in CHANGES.items() if change.shown])
async def test_what_the_client_has_seen_is_changed(world: World, route: str) -> None:
    tag = await shown_tag(world, route)
    assert tag is not None
    body = await prepared(world, route)

    # As it is after a cache on the way has compressed it.
    changed = await ask(world, route, body, **{"If-Match": f'"other", {tag[:-1]}-gzip"'})

    assert changed.is_success, changed.text
    if route.startswith("DELETE") or "publication" in route:
        return
    again = await world.admin.get(CHANGES[route].shown.format_map({**world.names, "tag": "new"}))  # type: ignore[union-attr]
    assert changed.headers["ETag"] == again.headers["ETag"]


@pytest.mark.parametrize("route", CHANGES)
async def test_whatever_is_there_is_changed(world: World, route: str) -> None:
    body = await prepared(world, route)

    changed = await ask(world, route, body, **{"If-Match": "*"})

    assert changed.is_success, changed.text


async def test_what_is_not_there_is_not_whatever_is_there(author: httpx.AsyncClient) -> None:
    problem_in(await author.delete("/users/me/email", headers={"If-Match": "*"}), 412, "precondition_failed")
    problem_in(await author.delete("/articles/nothing", headers={"If-Match": "*"}), 404, "article_not_found")

    assert (await author.delete("/users/me/email", headers={"If-None-Match": "*"})).status_code == 204
