"""Opening an account."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.core.roles import Role
from tests.support.mails import mailed_token, mails_waiting
from tests.support.malformed import NEVER_VALID, json_with
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

ANNA = {"email": "anna@example.com", "username": "anna", "password": "four calm otters"}
JSON = {"Content-Type": "application/json"}


async def accounts(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(User)) or 0


async def me_after_registering(client: httpx.AsyncClient, **fields: object) -> Any:
    """The account as its new owner sees it; until the address is confirmed, one logs in with the username."""
    data = {**ANNA, **fields}
    registered = await client.post("/auth/register", json=data)
    assert (registered.status_code, registered.json()) == (202, {}), registered.text
    form = {"username": str(data["username"]), "password": str(data["password"])}
    token = (await client.post("/auth/login", data=form)).json()["access_token"]
    return (await client.get("/users/me", headers={"Authorization": f"Bearer {token}"})).json()


async def test_registration_opens_an_unverified_account(anonymous: httpx.AsyncClient) -> None:
    account = await me_after_registering(anonymous, display_name="Anna O'Hara")

    assert (account["email"], account["pending_email"]) == (None, "anna@example.com")
    assert (account["username"], account["display_name"]) == ("anna", "Anna O'Hara")
    assert (account["role"], account["is_active"], account["is_verified"]) == ("reader", True, False)


async def test_registration_mails_one_link_to_the_address(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/auth/register", json=ANNA)

    (mail,) = await mails_waiting(app)
    assert mail.recipient == "anna@example.com"
    assert "https://blog.example.com/verify?token=" in mail.text


async def test_the_display_name_is_the_username_unless_it_is_given(anonymous: httpx.AsyncClient) -> None:
    assert (await me_after_registering(anonymous))["display_name"] == "anna"


async def test_the_role_of_new_accounts_is_the_one_of_the_settings(
    app: FastAPI, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "default_role", Role.AUTHOR)

    assert (await me_after_registering(anonymous))["role"] == "author"


async def test_the_password_is_stored_as_a_hash_only(session: AsyncSession, anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/auth/register", json=ANNA)

    hashed = await session.scalar(select(User.hashed_password))
    assert hashed is not None
    assert hashed.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("anna@example.com", "ANNA@Example.COM"),
        ("ÜNAL@example.com", "ünal@example.com"),
        ("U\u0308nal@example.com", "ünal@example.com"),
    ],
)
async def test_an_address_is_somebodys_whatever_its_case(
    app: FastAPI, anonymous: httpx.AsyncClient, first: str, again: str
) -> None:
    await anonymous.post("/auth/register", json={**ANNA, "email": first})
    token = await mailed_token(app)
    assert (await anonymous.post("/auth/verify", json={"token": token})).status_code == 200

    response = await anonymous.post("/auth/register", json={**ANNA, "username": "another", "email": again})

    assert (response.status_code, response.json()) == (202, {})
    notice = (await mails_waiting(app))[-1]
    assert "tried to register another account" in notice.text
    assert "verify?token=" not in notice.text


async def test_a_username_is_taken_whatever_its_case(anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/auth/register", json=ANNA)

    refused = await anonymous.post("/auth/register", json={**ANNA, "username": "ANNA", "email": "b@example.com"})

    assert fields_of(problem_in(refused, 409, "username_taken")) == ["username"]


async def test_a_refused_registration_leaves_neither_account_nor_mail(
    app: FastAPI, session: AsyncSession, anonymous: httpx.AsyncClient
) -> None:
    await anonymous.post("/auth/register", json=ANNA)

    await anonymous.post("/auth/register", json={**ANNA, "email": "another@example.com"})
    await anonymous.post("/auth/register", json={**ANNA, "username": "another", "password": "short"})

    assert await accounts(session) == 1
    assert len(await mails_waiting(app)) == 1


async def test_of_many_who_register_the_same_at_once_one_succeeds(live_app: FastAPI, live_users: Users) -> None:
    client = await live_users.client()

    responses = await asyncio.gather(*(client.post("/auth/register", json=ANNA) for _ in range(6)))

    assert sorted(response.status_code for response in responses) == [202] + 5 * [409]
    assert len(await mails_waiting(live_app)) == 1


@pytest.mark.parametrize(
    "username", ["", "ab", "a" * 41, "-anna", "anna-", "an na", "an@na", "änna", "anna\n", "../me", " anna"]
)
@pytest.mark.one_database
async def test_a_username_is_a_short_plain_word(anonymous: httpx.AsyncClient, username: str) -> None:
    refused = await anonymous.post("/auth/register", json={**ANNA, "username": username})

    assert fields_of(problem_in(refused, 422, "validation_error")) == ["username"]


@pytest.mark.parametrize(
    "email",
    ["", "anna", "anna@", "@example.com", "anna@nowhere.invalid", "a b@example.com", "anna@example.com\r\nBcc: b@c.de"],
)
@pytest.mark.one_database
async def test_an_address_has_to_look_like_one(anonymous: httpx.AsyncClient, email: str) -> None:
    refused = await anonymous.post("/auth/register", json={**ANNA, "email": email})

    assert fields_of(problem_in(refused, 422, "validation_error")) == ["email"]


@pytest.mark.parametrize(
    "password",
    ["nine char", "x1" * 128 + "y", "anna.long@example.com", "ANNA.LONG@example.com", "Anna-The-Author", "password123",
     "Password123", "aaaaaaaaaaaa", ""],
)  # fmt: skip
@pytest.mark.one_database
async def test_a_password_that_is_easily_guessed_is_refused(anonymous: httpx.AsyncClient, password: str) -> None:
    data = {"email": "anna.long@example.com", "username": "anna-the-author", "password": password}

    refused = await anonymous.post("/auth/register", json=data)

    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] in {"weak_password", "validation_error"}
    assert [field.rpartition(".")[2] for field in fields_of(refused.json())] == ["password"]


@pytest.mark.parametrize(
    "password", ["ten chars!", "nine loud herons" * 16, "пароль из шести слов", "    leading and trailing    "]
)
async def test_a_password_of_10_to_256_characters_is_taken_as_it_is(
    anonymous: httpx.AsyncClient, password: str
) -> None:
    assert (await anonymous.post("/auth/register", json={**ANNA, "password": password})).status_code == 202

    login = await anonymous.post("/auth/login", data={"username": "anna", "password": password})

    assert login.status_code == 200, login.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "admin"),
        ("is_superuser", True),
        ("is_verified", True),
        ("is_active", True),
        ("id", 1),
        ("hashed_password", "!"),
        ("token_version", 7),
    ],
)
@pytest.mark.one_database
async def test_nobody_registers_with_more_than_is_theirs_to_choose(
    session: AsyncSession, anonymous: httpx.AsyncClient, field: str, value: object
) -> None:
    refused = await anonymous.post("/auth/register", json={**ANNA, field: value})

    assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]
    assert await accounts(session) == 0


@pytest.mark.parametrize("value", NEVER_VALID.values(), ids=NEVER_VALID.keys())
@pytest.mark.one_database
async def test_malformed_values_are_refused(anonymous: httpx.AsyncClient, value: str) -> None:
    for field in ("email", "username", "password", "display_name"):
        fields = {**{name: json.dumps(text) for name, text in ANNA.items()}, field: value}

        refused = await anonymous.post("/auth/register", content=json_with(fields), headers=JSON)

        assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


@pytest.mark.parametrize("field", ANNA)
@pytest.mark.one_database
async def test_nothing_that_is_needed_may_be_null_or_missing(anonymous: httpx.AsyncClient, field: str) -> None:
    without = {name: text for name, text in ANNA.items() if name != field}

    for data in (without, {**without, field: None}):
        refused = await anonymous.post("/auth/register", json=data)

        assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "not an address"},
        {"username": "!"},
        {"password": "hunter2"},
        {"password": ["four calm otters"]},
        {"password": {"four calm otters": 1}},
        {"extra": "four calm otters"},
        {"username": "four calm otters"},
        {"email": "fourcalmotters@example.com", "password": "fourcalmotters"},
    ],
)
@pytest.mark.one_database
async def test_a_password_is_neither_repeated_nor_logged(
    anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, fields: dict[str, object]
) -> None:
    caplog.set_level(logging.DEBUG)

    refused = await anonymous.post("/auth/register", json={**ANNA, **fields})

    assert refused.status_code == 422
    for password in ("four calm otters", "hunter2", "fourcalmotters"):
        assert password not in refused.text
        assert password not in caplog.text


async def test_a_password_that_is_accepted_is_not_logged_either(
    anonymous: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    assert (await anonymous.post("/auth/register", json=ANNA)).status_code == 202
    assert (await anonymous.post("/auth/register", json=ANNA)).status_code == 409
    for password in (ANNA["password"], "a wrong password"):
        await anonymous.post("/auth/login", data={"username": "anna", "password": password})
        assert password not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
@pytest.mark.one_database
async def test_a_body_that_is_no_object_is_refused(anonymous: httpx.AsyncClient, body: bytes) -> None:
    refused = await anonymous.post("/auth/register", content=body, headers=JSON)

    assert refused.status_code in {400, 422}, refused.text
    assert refused.headers["Content-Type"] == "application/problem+json"


async def test_json_has_to_be_called_json(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.post("/auth/register", content=json.dumps(ANNA), headers={"Content-Type": "text/plain"})

    problem_in(refused, 422, "validation_error")
