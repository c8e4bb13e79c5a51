"""Authenticator apps and recovery codes: set up, asked for, used up and removed."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import LoginSession, RecoveryCode, Totp, User
from app.accounts.recovery_codes import digest
from app.audit.models import AuditEvent
from app.container import Services
from app.core.client import Client
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.db.base import Base
from app.unit_of_work import UnitOfWork
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.mails import mailed_token, mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.second_factors import (
    KNOWING_IT,
    STEP,
    AuthenticatorApp,
    give,
    pending_token,
    totp_secret,
    with_totp,
)
from tests.support.users import Users, client_of
from tests.support.writing import publish

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRONG = "abcdef-ghijkl-mnopqr-stuvwx"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna")


@pytest.fixture
async def device(clock: time_machine.Traveller, users: Users, anna: User) -> Device:
    clock.move_to(START)
    return await device_of(users, anna.username)


@pytest.fixture
async def phone(clock: time_machine.Traveller, device: Device) -> AuthenticatorApp:
    """The authenticator app of Anna, which shows a code that was not used yet."""
    app = await with_totp(device.client)
    clock.shift(STEP)
    return app


async def overview(client: httpx.AsyncClient) -> dict[str, object]:
    response = await client.get("/users/me/second-factors")
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


async def actions(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


async def remove_totp(client: httpx.AsyncClient, **body: str) -> httpx.Response:
    return await client.request("DELETE", "/users/me/totp", json=body)


# --- Setting one up --------------------------------------------------------------------------------------------


async def test_the_secret_comes_as_text_as_an_address_and_as_a_picture(device: Device) -> None:
    begun = (await device.client.post("/users/me/totp", json=KNOWING_IT)).json()

    assert begun["uri"].startswith("otpauth://totp/Colophon:anna?secret=" + begun["secret"])
    assert ET.fromstring(begun["qr_svg"]).tag.endswith("svg")  # noqa: S314 - our own


async def test_nothing_is_asked_of_an_app_that_was_not_confirmed(users: Users, device: Device) -> None:
    await totp_secret(device.client)

    assert (await log_in(await users.client(), "anna")).status_code == 200
    assert await overview(device.client) == {"totp": False, "recovery_codes": 0, "passkeys": []}
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is False
    problem_in(await remove_totp(device.client, **KNOWING_IT), 409, "no_second_factor")


async def test_a_code_confirms_the_app_and_ten_recovery_codes_come_with_it(device: Device) -> None:
    phone = await with_totp(device.client)

    assert len(set(phone.recovery_codes)) == 10
    assert await overview(device.client) == {"totp": True, "recovery_codes": 10, "passkeys": []}
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is True


async def test_the_owner_is_told_and_it_is_remembered(app: FastAPI, session: AsyncSession, device: Device) -> None:
    await with_totp(device.client)

    (mail,) = await mails_waiting(app)
    assert (mail.recipient, mail.subject) == ("anna@example.com", "Security notice for your account (Colophon)")
    assert "An authenticator app was added to your account." in mail.text
    assert (await actions(session))[-1] == "totp.confirmed"


async def test_sessions_that_began_without_it_end(users: Users, device: Device) -> None:
    others = [await device_of(users, "anna") for _ in range(2)]
    bystander = await users.client(Role.READER)

    await with_totp(device.client)

    assert await device.is_logged_in()
    for other in others:
        assert not await other.is_logged_in()
        problem_in(await other.refresh(), 401, "invalid_refresh_token")
    assert (await bystander.get("/users/me")).status_code == 200


async def test_another_secret_replaces_one_that_was_not_confirmed(device: Device) -> None:
    first, second = await totp_secret(device.client), await totp_secret(device.client)
    assert first != second

    refused = await device.client.put("/users/me/totp", json={"code": AuthenticatorApp(first, []).code()})
    problem = problem_in(refused, 401, "invalid_second_factor")

    assert fields_of(problem) == ["code"]
    confirmed = await device.client.put("/users/me/totp", json={"code": AuthenticatorApp(second, []).code()})
    assert confirmed.status_code == 200


async def test_a_confirmed_app_is_replaced_only_after_it_was_removed(device: Device, phone: AuthenticatorApp) -> None:
    begun = await device.client.post("/users/me/totp", json=KNOWING_IT)
    problem_in(begun, 409, "second_factor_exists")
    confirmed = await device.client.put("/users/me/totp", json={"code": phone.code()})
    problem_in(confirmed, 409, "second_factor_exists")


async def test_there_is_nothing_to_confirm_before_it_was_begun(device: Device) -> None:
    problem_in(await device.client.put("/users/me/totp", json={"code": "123456"}), 409, "no_second_factor")


CHANGES = [("POST", "/users/me/totp"), ("DELETE", "/users/me/totp"), ("POST", "/users/me/recovery-codes")]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("body", [{}, {"current_password": None}, {"current_password": "wrong"}])
@pytest.mark.one_database
async def test_whoever_changes_the_protection_knows_the_password(
    session: AsyncSession, device: Device, method: str, path: str, body: dict[str, str]
) -> None:
    before = await with_totp(device.client) if path != "/users/me/totp" or method == "DELETE" else None

    problem_in(await device.client.request(method, path, json=body), 403, "wrong_password")

    assert await session.scalar(select(func.count()).select_from(Totp)) == (1 if before else 0)
    assert await overview(device.client) == {
        "totp": before is not None,
        "recovery_codes": 10 if before else 0,
        "passkeys": [],
    }


async def test_without_a_password_a_recent_login_will_do(clock: time_machine.Traveller, users: Users) -> None:
    client = await users.client(Role.READER, hashed_password=UNUSABLE)
    assert (await client.post("/users/me/totp", json={})).status_code == 200

    clock.shift(timedelta(minutes=11))

    problem_in(await client.post("/users/me/totp", json={}), 403, "recent_login_required")


@pytest.mark.parametrize("path", ["totp", "passkeys/options"])
async def test_whoever_only_claims_an_address_prepares_no_way_in(users: Users, path: str) -> None:
    """It would still be there when the address's owner takes the account over."""
    await with_password(users, username="bert", email=None, pending_email="bert@example.com", is_verified=False)
    device = await device_of(users, "bert")

    refused = await device.client.post(f"/users/me/{path}", json={"current_password": PASSWORD})

    problem_in(refused, 403, "email_not_verified")


async def test_of_two_who_confirm_at_once_one_gets_the_recovery_codes(live_users: Users) -> None:
    await with_password(live_users, username="anna")
    client = (await device_of(live_users, "anna")).client
    secrets = await asyncio.gather(*(totp_secret(client) for _ in range(2)))
    codes = [AuthenticatorApp(secret, []).code() for secret in secrets]

    responses = await asyncio.gather(*(client.put("/users/me/totp", json={"code": code}) for code in codes * 2))

    (winner,) = [response for response in responses if response.status_code == 200]
    assert {response.status_code for response in responses} <= {200, 401, 409}
    async with live_users.app.state.database.reading() as session:
        stored = set(await session.scalars(select(RecoveryCode.digest)))
    assert stored == {digest(code) for code in winner.json()["recovery_codes"]}


# --- Logging in with it ----------------------------------------------------------------------------------------


async def test_the_password_alone_gets_nothing_but_the_question(users: Users, phone: AuthenticatorApp) -> None:
    assert phone.recovery_codes
    problem = problem_in(await log_in(await users.client(), "anna"), 401, "second_factor_required")

    assert problem["second_factor"]["methods"] == ["totp", "recovery_code"]
    assert "access_token" not in problem


async def test_password_and_code_log_in(session: AsyncSession, users: Users, phone: AuthenticatorApp) -> None:
    device = Device(users.app, await users.client())
    token = await pending_token(device.client, "anna")

    device.take(await give(device.client, token, code=phone.code()))

    assert await device.is_logged_in()
    await device.renew()
    event = await session.scalar(
        select(AuditEvent).where(AuditEvent.action == "login.succeeded").order_by(-AuditEvent.id)
    )
    assert event is not None
    assert event.details == {"methods": ["totp"]}


async def test_the_refresh_token_comes_in_the_cookie_if_that_is_wanted(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, users: Users, phone: AuthenticatorApp
) -> None:
    monkeypatch.setattr(app.state.settings, "auth_cookie", "strict")
    client = await users.client()
    token = await pending_token(client, "anna")

    problem_in(await give(client, token, code=phone.code(), use_cookie=True), 403, "origin_not_allowed")
    client.headers["Origin"] = "https://blog.example.com"
    response = await give(client, token, code=phone.code(), use_cookie=True)

    assert response.json()["refresh_token"] is None
    assert response.cookies["colophon_refresh"].startswith("clr_")


async def test_a_code_works_once(clock: time_machine.Traveller, users: Users, phone: AuthenticatorApp) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")
    assert (await give(client, token, code=phone.code())).status_code == 200

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_second_factor")
    problem_in(await give(client, token, code=phone.code(-1)), 401, "invalid_second_factor")

    # The token only says that the password was right, as it was: with another code it begins another session.
    clock.shift(STEP)
    assert (await give(client, token, code=phone.code())).status_code == 200


async def test_the_code_that_confirmed_the_app_does_not_log_in(users: Users, device: Device) -> None:
    phone = await with_totp(device.client)
    client = await users.client()

    refused = await give(client, await pending_token(client, "anna"), code=phone.code())

    problem_in(refused, 401, "invalid_second_factor")


@pytest.mark.parametrize("kind", ["code", "recovery_code"])
async def test_of_two_who_use_a_code_at_once_one_is_let_in(live_users: Users, kind: str) -> None:
    await with_password(live_users, username="anna")
    phone = await with_totp((await device_of(live_users, "anna")).client)
    client = await live_users.client()
    token = await pending_token(client, "anna")
    factor = {kind: phone.code(1) if kind == "code" else phone.recovery_codes[0]}

    responses = await asyncio.gather(*(give(client, token, **factor) for _ in range(4)))

    assert sorted(response.status_code for response in responses) == [200, 401, 401, 401]
    async with live_users.app.state.database.reading() as session:
        # The one in which it was set up, and the new one.
        assert await session.scalar(select(func.count()).select_from(LoginSession)) == 2


async def test_using_and_removing_it_at_once_fails_neither(live_users: Users) -> None:
    await with_password(live_users, username="anna")
    device = await device_of(live_users, "anna")
    phone = await with_totp(device.client)
    clients = [await live_users.client() for _ in range(3)]
    tokens = [await pending_token(client, "anna") for client in clients]

    uses = [give(clients[0], tokens[0], code=phone.code(1))]
    uses += [give(clients[i], tokens[i], recovery_code=phone.recovery_codes[i]) for i in (1, 2)]
    removed, *used = await asyncio.gather(remove_totp(device.client, **KNOWING_IT), *uses)

    assert removed.status_code == 204, removed.text
    assert {response.status_code for response in used} <= {200, 401}
    assert await overview(device.client) == {"totp": False, "recovery_codes": 0, "passkeys": []}


async def test_wrong_codes_lock_the_account_for_a_while(
    clock: time_machine.Traveller, session: AsyncSession, users: Users, phone: AuthenticatorApp
) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")
    for wrong in [{"code": phone.wrong_code()}, {"recovery_code": WRONG}] * 2 + [{"code": "12 34"}]:
        problem_in(await give(client, token, **wrong), 401, "invalid_second_factor")

    refused = await give(await users.client(), token, code=phone.code())

    problem_in(refused, 429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) <= 60
    assert (await actions(session)).count("second_factor.failed") == 5
    clock.shift(timedelta(seconds=61))
    assert (await give(client, token, code=phone.code())).status_code == 200


async def test_guessing_on_and_on_ends_after_fifteen_tries(
    clock: time_machine.Traveller, users: Users, phone: AuthenticatorApp
) -> None:
    client = await users.client()
    for _ in range(3):
        token = await pending_token(client, "anna")
        for _ in range(5):
            problem_in(await give(client, token, code=phone.wrong_code()), 401, "invalid_second_factor")
        clock.shift(timedelta(seconds=61))

    problem_in(await give(client, token, code=phone.code()), 429, "too_many_requests")

    clock.shift(timedelta(minutes=15))
    token = await pending_token(client, "anna")
    assert (await give(client, token, code=phone.code())).status_code == 200


async def test_a_right_code_forgives_the_wrong_ones(
    clock: time_machine.Traveller, users: Users, phone: AuthenticatorApp
) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")
    for _ in range(2):
        for _ in range(4):
            problem_in(await give(client, token, code=phone.wrong_code()), 401, "invalid_second_factor")
        assert (await give(client, token, code=phone.code())).status_code == 200
        clock.shift(STEP)


async def test_one_accounts_failures_are_not_anothers(users: Users, phone: AuthenticatorApp) -> None:
    await with_password(users, username="bert")
    berts = await with_totp((await device_of(users, "bert")).client)
    client = await users.client()
    token, other_token = await pending_token(client, "anna"), await pending_token(client, "bert")
    for _ in range(5):
        problem_in(await give(client, token, code=phone.wrong_code()), 401, "invalid_second_factor")

    assert (await give(client, other_token, code=berts.code(1))).status_code == 200


async def test_one_accounts_codes_are_not_anothers(users: Users, phone: AuthenticatorApp) -> None:
    await with_password(users, username="bert")
    berts = await with_totp((await device_of(users, "bert")).client)
    client = await users.client()
    token = await pending_token(client, "bert")

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_second_factor")
    problem_in(await give(client, token, recovery_code=phone.recovery_codes[0]), 401, "invalid_second_factor")

    assert (await give(client, token, recovery_code=berts.recovery_codes[0])).status_code == 200
    token = await pending_token(client, "anna")
    assert (await give(client, token, recovery_code=phone.recovery_codes[0])).status_code == 200


@pytest.mark.parametrize(
    "factor",
    [
        {},
        {"code": "123456", "recovery_code": WRONG},
        {"code": None},
        {"code": None, "recovery_code": WRONG},
        {"code": ""},
        {"recovery_code": ""},
        {"code": 123456},
        {"code": "1" * 21},
        {"code": "12345\x00"},
    ],
)
@pytest.mark.one_database
async def test_one_of_the_two_is_given_and_as_text(users: Users, factor: dict[str, object]) -> None:
    problem_in(await give(await users.client(), "token", **factor), 422, "validation_error")


async def test_an_app_whose_key_was_lost_shows_no_right_code(
    caplog: pytest.LogCaptureFixture, session: AsyncSession, users: Users, phone: AuthenticatorApp
) -> None:
    await session.execute(update(Totp).values(encrypted_secret="encrypted with another key"))
    await session.commit()
    client = await users.client()
    token = await pending_token(client, "anna")

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_second_factor")

    assert "encrypted with a key that is not there any more" in caplog.text
    assert (await give(client, token, recovery_code=phone.recovery_codes[0])).status_code == 200


# --- The pending token -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "ü"])
@pytest.mark.one_database
async def test_garbage_is_no_pending_token(users: Users, token: str) -> None:
    problem_in(await give(await users.client(), token, code="123456"), 401, "invalid_pending_token")


async def test_no_token_serves_as_another(app: FastAPI, device: Device, phone: AuthenticatorApp) -> None:
    access_token = device.client.headers["Authorization"].removeprefix("Bearer ")
    token = await pending_token(device.client, "anna")
    for other in (access_token, device.refresh_token):
        problem_in(await give(device.client, other, code=phone.code()), 401, "invalid_pending_token")

    async with client_of(app, token) as client:
        problem_in(await client.get("/users/me"), 401, "invalid_token")
    problem_in(await device.refresh(token), 401, "invalid_refresh_token")


async def test_a_pending_token_is_good_for_five_minutes(
    clock: time_machine.Traveller, users: Users, phone: AuthenticatorApp
) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")
    clock.shift(timedelta(minutes=5))

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_pending_token")


async def test_a_pending_token_ends_with_the_password(users: Users, device: Device, phone: AuthenticatorApp) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")
    change = {"current_password": PASSWORD, "new_password": "nine loud herons"}
    assert (await device.client.put("/users/me/password", json=change)).status_code == 204

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_pending_token")


async def test_a_pending_token_ends_with_the_account(users: Users, anna: User, phone: AuthenticatorApp) -> None:
    client, admin = await users.client(), await users.client(Role.ADMIN)
    token = await pending_token(client, "anna")
    await admin.patch(f"/users/{anna.id}", json={"is_active": False})

    problem_in(await give(client, token, code=phone.code()), 401, "invalid_pending_token")
    problem_in(await log_in(client, "anna"), 401, "invalid_credentials")


# --- Recovery codes --------------------------------------------------------------------------------------------


async def test_a_recovery_code_logs_in_once_and_its_owner_is_told(
    app: FastAPI, session: AsyncSession, users: Users, phone: AuthenticatorApp
) -> None:
    code = phone.recovery_codes[3]
    device = Device(users.app, await users.client())
    token = await pending_token(device.client, "anna")

    device.take(await give(device.client, token, recovery_code=f" {code.upper().replace('-', ' ')}"))

    assert (await overview(device.client))["recovery_codes"] == 9
    assert "A recovery code was used to log in; remaining codes: 9." in (await mails_waiting(app))[-1].text
    assert (await actions(session))[-2:] == ["recovery_code.used", "login.succeeded"]
    problem_in(await give(device.client, token, recovery_code=code), 401, "invalid_second_factor")


async def test_new_recovery_codes_end_the_old_ones(
    app: FastAPI, session: AsyncSession, users: Users, device: Device, phone: AuthenticatorApp
) -> None:
    renewed = await device.client.post("/users/me/recovery-codes", json=KNOWING_IT)

    assert renewed.status_code == 201
    codes = renewed.json()["recovery_codes"]
    assert len(set(codes) - set(phone.recovery_codes)) == 10
    client = await users.client()
    token = await pending_token(client, "anna")
    problem_in(await give(client, token, recovery_code=phone.recovery_codes[0]), 401, "invalid_second_factor")
    assert (await give(client, token, recovery_code=codes[0])).status_code == 200
    assert "New recovery codes were created" in (await mails_waiting(app))[1].text
    assert "recovery_codes.renewed" in await actions(session)


async def test_there_are_no_recovery_codes_without_a_second_factor(device: Device) -> None:
    await totp_secret(device.client)

    problem_in(await device.client.post("/users/me/recovery-codes", json=KNOWING_IT), 409, "no_second_factor")


# --- Removing it -----------------------------------------------------------------------------------------------


async def test_without_the_app_the_password_is_enough_again(
    app: FastAPI, session: AsyncSession, users: Users, device: Device, phone: AuthenticatorApp
) -> None:
    token = await pending_token(await users.client(), "anna")

    assert (await remove_totp(device.client, **KNOWING_IT)).status_code == 204

    assert await overview(device.client) == {"totp": False, "recovery_codes": 0, "passkeys": []}
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is False
    assert (await log_in(await users.client(), "anna")).status_code == 200
    assert "The authenticator app was removed" in (await mails_waiting(app))[-1].text
    assert "totp.removed" in await actions(session)
    for factor in ({"code": phone.code()}, {"recovery_code": phone.recovery_codes[0]}):
        problem_in(await give(await users.client(), token, **factor), 401, "invalid_second_factor")
    problem_in(await remove_totp(device.client, **KNOWING_IT), 409, "no_second_factor")


async def test_an_app_can_be_set_up_again(device: Device, phone: AuthenticatorApp) -> None:
    await remove_totp(device.client, **KNOWING_IT)

    assert (await with_totp(device.client)).secret != phone.secret


async def test_somebody_who_has_lost_everything_can_be_helped(
    app: FastAPI, session: AsyncSession, users: Users, anna: User, phone: AuthenticatorApp
) -> None:
    assert phone.recovery_codes
    user = await session.get_one(User, anna.id)
    services = Services(UnitOfWork(app.state.process, Client("", ""), session))

    await services.accounts.second_factors.remove_all(user)
    await session.commit()

    assert (await log_in(await users.client(), "anna")).json()["access_token"]
    assert "All second factors were removed" in (await mails_waiting(app))[-1].text
    assert "second_factors.removed" in await actions(session)
    for table in (Totp, RecoveryCode):
        assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_a_forgotten_password_is_no_way_around_it(app: FastAPI, users: Users, phone: AuthenticatorApp) -> None:
    client = await users.client()
    await client.post("/auth/forgot-password", json={"email": "anna@example.com"})
    reset = {"token": await mailed_token(app), "password": "nine loud herons"}
    assert (await client.post("/auth/reset-password", json=reset)).status_code == 204

    response = await log_in(client, "anna", "nine loud herons")

    token = problem_in(response, 401, "second_factor_required")["second_factor"]["pending_token"]
    assert (await give(client, token, code=phone.code())).status_code == 200


GUARDED: dict[str, Any] = {
    "GET /users/me/second-factors": {},
    "POST /users/me/totp": KNOWING_IT,
    "PUT /users/me/totp": {"code": "123456"},
    "DELETE /users/me/totp": KNOWING_IT,
    "POST /users/me/recovery-codes": KNOWING_IT,
    "POST /users/me/passkeys/options": KNOWING_IT,
    "POST /users/me/passkeys": {"name": "My phone", "credential": {}},
    "PATCH /users/me/passkeys/1": {"name": "My phone"},
    "DELETE /users/me/passkeys/1": KNOWING_IT,
}


async def test_none_of_this_is_for_scripts(app: FastAPI, device: Device) -> None:
    made = await device.client.post(
        "/auth/personal-tokens", json={"name": "A script", "scopes": ["read", "write"], **KNOWING_IT}
    )
    async with client_of(app, made.json()["token"]) as script:
        for action, body in GUARDED.items():
            problem_in(await script.request(*action.split(), json=body), 403, "login_required")


# --- What is stored --------------------------------------------------------------------------------------------


async def test_neither_secrets_nor_codes_are_stored_or_logged(
    caplog: pytest.LogCaptureFixture, session: AsyncSession, users: Users, device: Device, phone: AuthenticatorApp
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await users.client()
    token = await pending_token(client, "anna")
    used = phone.code()
    await give(client, token, code=used)
    await give(client, token, recovery_code=phone.recovery_codes[0])
    await device.client.post("/users/me/recovery-codes", json={"current_password": "wrong"})

    stored = [str(tuple(row)) for table in Base.metadata.sorted_tables for row in await session.execute(table.select())]

    assert any("totp.confirmed" in row for row in stored)
    for secret in (phone.secret, token, *phone.recovery_codes, PASSWORD):
        assert not [row for row in stored if secret in row]
        assert secret not in caplog.text


# --- Roles that need one ---------------------------------------------------------------------------------------


async def test_an_editor_without_one_edits_nothing_until_it_is_set_up(
    clock: time_machine.Traveller, app: FastAPI, monkeypatch: pytest.MonkeyPatch, users: Users
) -> None:
    monkeypatch.setattr(app.state.settings, "require_2fa_for", [Role.EDITOR, Role.ADMIN])
    author = await users.client(Role.AUTHOR)
    article = (await publish(author))["slug"]
    draft = (await author.post("/articles", json={"title": "A draft"})).json()["slug"]
    await with_password(users, username="edith", role=Role.EDITOR)
    edith = await device_of(users, "edith")

    for method, path, body in (
        ("PATCH", f"/articles/{article}", {"title": "Changed"}),
        ("POST", "/articles", {"title": "Mine"}),
        ("POST", f"/articles/{article}/comments", {"body_markdown": "Well"}),
        ("GET", "/comments", None),
        ("PATCH", "/tags/nothing", {"name": "Tag"}),
    ):
        problem_in(await edith.client.request(method, path, json=body), 403, "second_factor_missing")
    assert (await edith.client.get(f"/articles/{draft}")).status_code == 404
    assert (await edith.client.patch("/users/me", json={"bio": "An editor"})).status_code == 200
    phone = await with_totp(edith.client)
    clock.shift(STEP)
    token = await pending_token(edith.client, "edith")
    edith.take(await give(edith.client, token, code=phone.code()))

    assert (await edith.client.patch(f"/articles/{article}", json={"title": "Changed"})).status_code == 200
    assert (await edith.client.get(f"/articles/{draft}")).status_code == 200
    assert (await edith.client.get("/comments")).status_code == 200

    await remove_totp(edith.client, **KNOWING_IT)
    problem_in(await edith.client.get("/comments"), 403, "second_factor_missing")
