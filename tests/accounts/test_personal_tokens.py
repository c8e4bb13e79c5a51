"""Personal access tokens: made, used within their scopes, and ended."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import LoginSession, PersonalToken, User
from app.accounts.services.personal_tokens import MAX_TOKENS, PersonalTokenService
from app.audit.models import AuditEvent
from app.core.opaque_tokens import digest_of, new_token
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from tests.support.logins import PASSWORD, device_of, with_password
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users, client_of
from tests.support.writing import publish, write

PATH = "/auth/personal-tokens"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERY = ["read", "comment", "write", "moderate", "admin"]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna", role=Role.ADMIN)


@pytest.fixture
async def owner(users: Users, anna: User) -> httpx.AsyncClient:
    return await users.client_for(anna)


async def asked_for(client: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    data = {"name": "Backup", "scopes": ["read"], "current_password": PASSWORD, **fields}
    return await client.post(PATH, json=data)


async def made(client: httpx.AsyncClient, **fields: Any) -> Any:
    response = await asked_for(client, **fields)
    assert response.status_code == 201, response.text
    return response.json()


def script_with(users: Users, token: str) -> httpx.AsyncClient:
    client = client_of(users.app, token)
    users.clients.append(client)
    return client


async def script_of(users: Users, client: httpx.AsyncClient, **fields: Any) -> httpx.AsyncClient:
    """A script with a new token of this client's account."""
    return script_with(users, (await made(client, **fields))["token"])


# --- Making ----------------------------------------------------------------------------------------------------


async def test_a_token_is_shown_once_and_stored_as_a_digest(owner: httpx.AsyncClient, session: AsyncSession) -> None:
    response = await made(owner)

    token = response["token"]
    assert token.startswith("clp_")
    assert token not in (await owner.get(PATH)).text
    (row,) = (await session.execute(text("SELECT * FROM personal_tokens"))).mappings()
    assert row["digest"] == digest_of(token)
    assert token.removeprefix("clp_") not in str(dict(row))
    events = (await session.execute(text("SELECT * FROM audit_events"))).mappings().all()
    assert "personal_token.created" in [event["action"] for event in events]
    assert token.removeprefix("clp_") not in str(events)


async def test_no_token_gets_into_the_log(
    owner: httpx.AsyncClient, users: Users, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    token = (await made(owner))["token"]
    assert (await script_with(users, token).get("/users/me")).status_code == 200

    assert caplog.records
    assert token.removeprefix("clp_") not in caplog.text


async def test_the_owner_is_told_by_mail(app: FastAPI, owner: httpx.AsyncClient) -> None:
    token = (await made(owner))["token"]

    (mail,) = await mails_waiting(app)
    assert mail.recipient == "anna@example.com"
    assert "personal access token was created for your account" in mail.text
    assert token not in mail.text


@pytest.mark.parametrize(("fields", "days"), [({}, 90), ({"expires_in_days": 1}, 1), ({"expires_in_days": 366}, 366)])
async def test_a_token_expires(
    clock: time_machine.Traveller, users: Users, anna: User, fields: dict[str, int], days: int
) -> None:
    owner = await users.client_for(anna)
    script = await script_of(users, owner, **fields)
    clock.shift(timedelta(days=days) - timedelta(seconds=1))
    assert (await script.get("/users/me")).status_code == 200

    clock.shift(timedelta(seconds=1))

    problem_in(await script.get("/users/me"), 401, "invalid_token")
    assert (await (await users.client_for(anna)).get(PATH)).json() == []


async def test_a_token_that_never_expires_has_to_be_asked_for(
    clock: time_machine.Traveller, users: Users, owner: httpx.AsyncClient
) -> None:
    token = await made(owner, expires_in_days=None)
    assert token["expires_at"] is None

    clock.shift(timedelta(days=5000))

    assert (await script_with(users, token["token"]).get("/users/me")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 367}, "expires_in_days"),
        ({"token": "clp_mine"}, "token"),
    ],
)
@pytest.mark.one_database
async def test_what_makes_no_token(owner: httpx.AsyncClient, fields: dict[str, Any], wrong: str) -> None:
    problem = problem_in(await asked_for(owner, **fields), 422, "validation_error")

    assert {field.split(".")[0] for field in fields_of(problem)} == {wrong}
    assert (await owner.get(PATH)).json() == []


@pytest.mark.parametrize("password", [None, "five loud herons"])
async def test_the_password_is_asked_for(owner: httpx.AsyncClient, password: str | None) -> None:
    problem_in(await asked_for(owner, current_password=password), 403, "wrong_password")

    assert (await owner.get(PATH)).json() == []


async def test_without_a_password_the_login_has_to_be_recent(clock: time_machine.Traveller, users: Users) -> None:
    user = await users.user(hashed_password=UNUSABLE)
    owner = await users.client_for(user)
    assert (await made(owner, current_password=None))["name"] == "Backup"

    # The access token lives for a quarter of an hour.
    clock.shift(timedelta(minutes=11))

    problem_in(await asked_for(owner, current_password=None), 403, "recent_login_required")


async def test_there_is_an_end_to_how_many(
    app: FastAPI, clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    owner = await users.client_for(anna)
    await store_tokens(app, anna, MAX_TOKENS, expires_at=START + timedelta(seconds=1))
    problem_in(await asked_for(owner), 409, "too_many_personal_tokens")

    clock.shift(timedelta(seconds=1))

    assert (await made(owner))["name"] == "Backup"
    assert len((await owner.get(PATH)).json()) == 1


async def test_whoever_makes_many_at_once_gets_no_more(live_app: FastAPI, live_users: Users) -> None:
    anna = await with_password(live_users, username="anna")
    await store_tokens(live_app, anna, MAX_TOKENS - 2)
    owner = await live_users.client_for(anna)

    responses = await asyncio.gather(*(asked_for(owner) for _ in range(6)))

    assert Counter(response.status_code for response in responses) == {201: 2, 409: 4}
    async with live_app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(PersonalToken)) == MAX_TOKENS


async def store_tokens(app: FastAPI, user: User, count: int, expires_at: datetime | None = None) -> None:
    async with app.state.database.writing() as session:
        session.add_all(
            PersonalToken(
                user_id=user.id, name=f"{n}", digest=digest_of(new_token("x")), scope="read", expires_at=expires_at
            )
            for n in range(count)
        )
        await session.commit()


# --- Looking and revoking --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock")
async def test_the_list_says_what_each_is_for(users: Users, anna: User) -> None:
    owner = await users.client_for(anna)
    await made(owner, name="Backup", scopes=["write", "read", "write"])
    await made(owner, name="Statistics", expires_in_days=None)

    found = (await owner.get(PATH)).json()

    assert [token["name"] for token in found] == ["Statistics", "Backup"]
    assert {key: value for key, value in found[1].items() if key != "id"} == {
        "name": "Backup",
        "scopes": ["read", "write"],
        "created_at": "2026-03-01T12:00:00Z",
        "expires_at": "2026-05-30T12:00:00Z",
        "last_used_at": None,
    }


async def test_a_revoked_token_is_worthless_at_once(
    users: Users, owner: httpx.AsyncClient, session: AsyncSession
) -> None:
    kept, lost = await made(owner), await made(owner)

    assert (await owner.delete(f"{PATH}/{lost['id']}")).status_code == 204

    problem_in(await script_with(users, lost["token"]).get("/articles"), 401, "invalid_token")
    assert (await script_with(users, kept["token"]).get("/users/me")).status_code == 200
    problem_in(await owner.delete(f"{PATH}/{lost['id']}"), 404, "personal_token_not_found")
    assert "personal_token.revoked" in await session.scalars(select(AuditEvent.action))


async def test_nobody_sees_or_revokes_somebody_elses(users: Users, owner: httpx.AsyncClient) -> None:
    token = await made(owner)
    bert = await users.client(Role.ADMIN)

    assert (await bert.get(PATH)).json() == []
    problem_in(await bert.delete(f"{PATH}/{token['id']}"), 404, "personal_token_not_found")

    assert (await script_with(users, token["token"]).get("/users/me")).status_code == 200


async def test_a_token_is_revoked_once(live_users: Users) -> None:
    owner = await live_users.client_for(await with_password(live_users))
    token = await made(owner)

    responses = await asyncio.gather(*(owner.delete(f"{PATH}/{token['id']}") for _ in range(3)))

    assert Counter(response.status_code for response in responses) == {204: 1, 404: 2}


# --- Using -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["clp_", "clp_garbage", "clp_" + "x" * 43, "clp_" + "x" * 5000, "CLP_x"])
@pytest.mark.one_database
async def test_a_token_that_was_never_given_out_is_refused(users: Users, token: str) -> None:
    problem_in(await script_with(users, token).get("/articles"), 401, "invalid_token")


async def test_the_digest_is_no_token(users: Users, owner: httpx.AsyncClient) -> None:
    digest = digest_of((await made(owner))["token"])

    for stolen in (digest, f"clp_{digest}"):
        problem_in(await script_with(users, stolen).get("/users/me"), 401, "invalid_token")


# What needs which scope of an admin, who may do all of it.
NEEDED = {
    "GET /articles": "read",
    "GET /users/me": "read",
    "POST /articles/public/comments": "comment",
    "DELETE /comments/{comment}": "comment",
    "POST /articles": "write",
    "PATCH /articles/mine": "write",
    "PATCH /articles/public": "write moderate",
    "GET /articles?status=draft": "read",
    "GET /articles?status=deleted": "read moderate",
    "GET /comments": "read moderate",
    "POST /categories": "moderate",
    "PATCH /tags/tag": "moderate",
    "POST /invitations": "moderate",
    "GET /invitations": "read moderate",
    "GET /users": "read admin",
    "PATCH /users/{user}": "admin",
}
BODIES: dict[str, Any] = {
    "POST /articles/public/comments": {"body_markdown": "Well"},
    "POST /articles": {"title": "Hello"},
    "PATCH /articles/mine": {"title": "New"},
    "PATCH /articles/public": {"title": "New"},
    "POST /categories": {"name": "Category"},
    "PATCH /tags/tag": {"name": "Renamed"},
    "POST /invitations": {},
    "PATCH /users/{user}": {"bio": "New"},
}


@pytest.mark.parametrize("action", NEEDED)
async def test_each_scope_is_for_what_it_says(users: Users, owner: httpx.AsyncClient, action: str) -> None:
    bert = await users.user(Role.AUTHOR)
    author = await users.client_for(bert)
    await publish(author, "Public", tags=["tag"])
    await publish(owner, "Mine")
    comment = await owner.post("/articles/public/comments", json={"body_markdown": "Well"})
    method, path = action.split()
    path = path.format(comment=comment.json()["id"], user=bert.id)
    needed = NEEDED[action].split()

    responses = {}
    for missing in needed:
        script = await script_of(users, owner, scopes=[scope for scope in EVERY if scope != missing])
        responses[missing] = await script.request(method, path, json=BODIES.get(action))
    script = await script_of(users, owner, scopes=needed)
    allowed = await script.request(method, path, json=BODIES.get(action))

    assert allowed.status_code in {200, 201, 204}, allowed.text
    assert {response.status_code for response in responses.values()} == {403}


async def test_drafts_are_seen_as_far_as_the_scope_goes(users: Users, owner: httpx.AsyncClient) -> None:
    await write(await users.client(Role.AUTHOR), "Somebody else's")
    await write(owner, "Mine")
    reading = await script_of(users, owner, scopes=["read", "write", "admin"])
    moderating = await script_of(users, owner, scopes=["read", "moderate"])

    async def drafts(client: httpx.AsyncClient) -> set[str]:
        return {item["title"] for item in (await client.get("/articles?status=draft")).json()["items"]}

    assert await drafts(reading) == {"Mine"}
    assert await drafts(moderating) == {"Mine", "Somebody else's"}
    assert (await reading.get("/articles/somebody-elses")).status_code == 404


async def test_a_scope_gives_nobody_a_role(users: Users) -> None:
    reader = await users.client_for(await with_password(users))
    script = await script_of(users, reader, scopes=EVERY)

    problem_in(await script.post("/articles", json={"title": "Hello"}), 403, "forbidden")
    problem_in(await script.get("/users"), 403, "forbidden")


GUARDED: dict[str, Any] = {
    "PATCH /users/me": {"bio": "New"},
    "PUT /users/me/password": {"current_password": PASSWORD, "new_password": "nine loud herons"},
    "PUT /users/me/email": {"current_password": PASSWORD, "email": "thief@example.com"},
    "DELETE /users/me/email": None,
    "GET /auth/sessions": None,
    "DELETE /auth/sessions/1": None,
    "POST /auth/logout": None,
    "POST /auth/logout-all": None,
    "POST /auth/personal-tokens": {"name": "More", "scopes": ["read"], "current_password": PASSWORD},
    "GET /auth/personal-tokens": None,
    "DELETE /auth/personal-tokens/1": None,
}


@pytest.mark.parametrize("action", GUARDED)
@pytest.mark.one_database
async def test_what_guards_the_account_is_not_for_scripts(users: Users, owner: httpx.AsyncClient, action: str) -> None:
    script = await script_of(users, owner, scopes=EVERY)
    method, path = action.split()

    problem_in(await script.request(method, path, json=GUARDED[action]), 403, "login_required")


async def test_a_role_that_needs_a_second_factor_needs_it_here_too(
    app: FastAPI, users: Users, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = await script_of(users, owner, scopes=EVERY)
    monkeypatch.setattr(app.state.settings, "require_2fa_for", [Role.ADMIN])

    problem_in(await script.post("/articles", json={"title": "Hello"}), 403, "second_factor_missing")


async def test_knowing_whose_token_it_is_takes_one_query(app: FastAPI, users: Users, owner: httpx.AsyncClient) -> None:
    script = await script_of(users, owner)
    await script.get("/users/me")

    with recorded_statements(app.state.database) as statements:
        assert (await script.get("/users/me")).status_code == 200

    assert len(statements) == 1, statements


async def test_uses_are_noted_every_ten_minutes(
    app: FastAPI, clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    owner = await users.client_for(anna)
    script = await script_of(users, owner, scopes=["read", "write"])

    async def last_used_after(minutes: int, method: str = "GET") -> tuple[str, int]:
        clock.shift(timedelta(minutes=minutes))
        with recorded_statements(app.state.database) as statements:
            await script.request(method, "/articles", json={"title": "Hello"} if method == "POST" else None)
        (token,) = (await (await users.client_for(anna)).get(PATH)).json()
        return token["last_used_at"][11:16], sum(sql.startswith("UPDATE personal_tokens") for sql in statements)

    assert await last_used_after(0) == ("12:00", 1)
    assert await last_used_after(9) == ("12:00", 0)
    assert await last_used_after(1) == ("12:10", 1)
    assert await last_used_after(10, "POST") == ("12:20", 1)


async def test_a_use_that_cannot_be_noted_is_answered_all_the_same(
    users: Users, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    script = await script_of(users, owner)

    async def fail(_self: PersonalTokenService, _token_id: int) -> None:
        raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(PersonalTokenService, "record_use", fail)

    assert (await script.get("/users/me")).status_code == 200
    assert "could not be noted" in caplog.text


async def test_uses_are_noted_over_real_connections(live_users: Users) -> None:
    owner = await live_users.client_for(await with_password(live_users))
    script = await script_of(live_users, owner)

    responses = await asyncio.gather(*(script.get("/users/me") for _ in range(5)))

    assert [response.status_code for response in responses] == 5 * [200]
    (token,) = (await owner.get(PATH)).json()
    assert token["last_used_at"] is not None


# --- Ending ----------------------------------------------------------------------------------------------------


async def test_a_token_outlives_the_login_that_made_it(users: Users, anna: User, session: AsyncSession) -> None:
    device = await device_of(users, anna.username)
    script = await script_of(users, device.client)

    await device.client.post("/auth/logout-all")

    assert (await session.scalars(select(LoginSession))).all() == []
    assert (await script.get("/users/me")).status_code == 200


async def test_deactivation_ends_tokens_for_good(users: Users, session: AsyncSession) -> None:
    bert = await with_password(users, username="bert")
    script = await script_of(users, await users.client_for(bert))
    admin = await users.client(Role.ADMIN)

    await admin.patch(f"/users/{bert.id}", json={"is_active": False})
    problem_in(await script.get("/users/me"), 401, "invalid_token")
    await admin.patch(f"/users/{bert.id}", json={"is_active": True})

    problem_in(await script.get("/users/me"), 401, "invalid_token")
    assert (await session.scalars(select(PersonalToken))).all() == []


async def test_deletion_ends_tokens(users: Users, session: AsyncSession) -> None:
    bert = await with_password(users, username="bert")
    script = await script_of(users, await users.client_for(bert))
    admin = await users.client(Role.ADMIN)

    assert (await admin.delete(f"/users/{bert.id}")).status_code == 204

    problem_in(await script.get("/users/me"), 401, "invalid_token")
    assert (await session.scalars(select(PersonalToken))).all() == []


async def test_whoever_gets_a_stolen_account_back_gets_it_back_without_the_thiefs_tokens(
    app: FastAPI, users: Users, owner: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    script = await script_of(users, owner)
    data = {"email": "thief@example.com", "current_password": PASSWORD}
    assert (await owner.put("/users/me/email", json=data)).status_code == 202
    (warning,) = [mail for mail in await mails_waiting(app) if "undo-email-change" in mail.text]
    token = warning.text.split("?token=")[1].split()[0]

    assert (await anonymous.post("/auth/undo-email-change", json={"token": token})).status_code == 204

    problem_in(await script.get("/users/me"), 401, "invalid_token")
