"""Changing one's address: the new one confirms, the old one may object."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.problems import problem_in
from tests.support.users import Users

OLD, NEW = "anna@example.com", "new@example.com"


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna")


@pytest.fixture
async def device(users: Users, anna: User) -> Device:
    return await device_of(users, anna.username)


async def ask_for(device: Device, email: str = NEW, password: str | None = PASSWORD) -> httpx.Response:
    return await device.client.put("/users/me/email", json={"email": email, "current_password": password})


async def tokens_mailed(app: FastAPI, recipient: str) -> list[str]:
    return [token_in(mail.text) for mail in await mails_waiting(app) if mail.recipient == recipient]


async def verify(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/verify", json={"token": token})


async def undo(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/undo-email-change", json={"token": token})


async def addresses(device: Device) -> tuple[object, object]:
    me = (await device.client.get("/users/me")).json()
    return me["email"], me["pending_email"]


async def test_a_change_waits_until_the_new_address_confirms_it(
    app: FastAPI, device: Device, anonymous: httpx.AsyncClient
) -> None:
    assert (await ask_for(device)).status_code == 202
    assert await addresses(device) == (OLD, NEW)
    assert (await log_in(anonymous, NEW)).status_code == 401

    (token,) = await tokens_mailed(app, NEW)
    confirmed = await verify(anonymous, token)

    assert confirmed.json()["is_verified"] is True
    assert await addresses(device) == (NEW, None)
    assert (await log_in(anonymous, NEW)).status_code == 200
    assert (await log_in(anonymous, OLD)).status_code == 401
    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")


async def test_the_old_address_is_told_when_it_is_asked_for_and_when_it_is_done(
    app: FastAPI, device: Device, anonymous: httpx.AsyncClient
) -> None:
    await ask_for(device)
    (mail,) = [mail for mail in await mails_waiting(app) if mail.recipient == OLD]
    assert NEW in mail.text

    await verify(anonymous, (await tokens_mailed(app, NEW))[0])

    assert len(await tokens_mailed(app, OLD)) == 2


@pytest.mark.parametrize(("password", "code"), [(None, "wrong_password"), ("four wild otters", "wrong_password")])
async def test_it_takes_the_current_password(app: FastAPI, device: Device, password: str | None, code: str) -> None:
    problem_in(await ask_for(device, password=password), 403, code)

    assert await addresses(device) == (OLD, None)
    assert await mails_waiting(app) == []


async def test_an_account_without_a_password_has_to_have_logged_in_just_now(app: FastAPI, users: Users) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        client = await users.client(Role.READER)
        assert (await client.put("/users/me/email", json={"email": NEW})).status_code == 202
        clock.shift(timedelta(minutes=11))

        problem_in(await client.put("/users/me/email", json={"email": NEW}), 403, "recent_login_required")
    assert len(await tokens_mailed(app, NEW)) == 1


async def test_it_is_not_told_that_an_address_is_somebody_elses(app: FastAPI, users: Users, device: Device) -> None:
    await users.user(username="bert")

    taken, free = await ask_for(device, "bert@example.com"), await ask_for(device)

    assert (taken.status_code, taken.json()) == (free.status_code, free.json()) == (202, {})
    (notice,) = [mail for mail in await mails_waiting(app) if mail.recipient == "bert@example.com"]
    assert "?token=" not in notice.text


async def test_two_may_claim_an_address_and_whoever_confirms_it_first_has_it(
    app: FastAPI, users: Users, device: Device, anonymous: httpx.AsyncClient
) -> None:
    bert = await device_of(users, (await with_password(users, username="bert")).username)
    await ask_for(device)
    await ask_for(bert)
    annas, berts = await tokens_mailed(app, NEW)

    assert (await verify(anonymous, berts)).status_code == 200
    problem_in(await verify(anonymous, annas), 403, "invalid_verification_token")

    assert await addresses(bert) == (NEW, None)
    assert await addresses(device) == (OLD, NEW)


async def test_the_link_of_an_earlier_wish_is_worthless(
    app: FastAPI, device: Device, anonymous: httpx.AsyncClient
) -> None:
    await ask_for(device)
    await ask_for(device, "newer@example.com")
    (earlier,) = await tokens_mailed(app, NEW)

    problem_in(await verify(anonymous, earlier), 403, "invalid_verification_token")


async def test_a_change_can_be_withdrawn(app: FastAPI, device: Device, anonymous: httpx.AsyncClient) -> None:
    await ask_for(device)

    assert (await device.client.delete("/users/me/email")).status_code == 204

    assert await addresses(device) == (OLD, None)
    (token,) = await tokens_mailed(app, NEW)
    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")


@pytest.mark.parametrize("confirmed", [False, True])
async def test_the_old_address_undoes_it_and_locks_the_thief_out(
    app: FastAPI, users: Users, device: Device, anonymous: httpx.AsyncClient, confirmed: bool
) -> None:
    await ask_for(device)
    if confirmed:
        await verify(anonymous, (await tokens_mailed(app, NEW))[0])
    link = (await tokens_mailed(app, OLD))[-1]

    assert (await undo(anonymous, link)).status_code == 204

    assert not await device.is_logged_in()
    problem_in(await device.refresh(), 401, "invalid_refresh_token")
    problem_in(await log_in(anonymous, "anna"), 401, "invalid_credentials")
    reset = {"token": (await tokens_mailed(app, OLD))[-1], "password": "nine loud herons"}
    assert (await anonymous.post("/auth/reset-password", json=reset)).status_code == 204
    again = await users.client()
    response = await log_in(again, OLD, "nine loud herons")
    assert response.status_code == 200, response.text
    problem_in(await undo(anonymous, link), 403, "invalid_undo_token")
    problem_in(await verify(anonymous, (await tokens_mailed(app, NEW))[0]), 403, "invalid_verification_token")


async def test_it_can_be_undone_for_a_week(app: FastAPI, users: Users, anonymous: httpx.AsyncClient) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as clock:
        user = await with_password(users, username="carl", email="carl@example.com")
        device = await device_of(users, user.username)
        await ask_for(device)
        await verify(anonymous, (await tokens_mailed(app, NEW))[0])
        link = (await tokens_mailed(app, "carl@example.com"))[-1]
        clock.shift(timedelta(days=7, seconds=1))
        problem_in(await undo(anonymous, link), 403, "invalid_undo_token")
        clock.shift(timedelta(seconds=-2))

        assert (await undo(anonymous, link)).status_code == 204


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
@pytest.mark.one_database
async def test_garbage_undoes_nothing(anonymous: httpx.AsyncClient, token: str) -> None:
    problem_in(await undo(anonymous, token), 403, "invalid_undo_token")


async def test_a_link_that_confirms_does_not_undo(app: FastAPI, device: Device, anonymous: httpx.AsyncClient) -> None:
    await ask_for(device)

    problem_in(await undo(anonymous, (await tokens_mailed(app, NEW))[0]), 403, "invalid_undo_token")
    problem_in(await verify(anonymous, (await tokens_mailed(app, OLD))[0]), 403, "invalid_verification_token")
