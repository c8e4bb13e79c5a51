"""Passkeys: added, removed, and logged in with; and what happens to answers that are not right."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.identities.providers import IdentityProviders
from app.accounts.models import Passkey, ProviderAccount, User
from app.audit.models import AuditEvent
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from tests.support.authenticator import Authenticator, StoredKey, encode
from tests.support.logins import Device, device_of, log_in, with_password
from tests.support.mails import mails_waiting
from tests.support.problems import fields_of, problem_in
from tests.support.second_factors import (
    KNOWING_IT,
    STEP,
    authenticator,
    creation_options,
    give,
    log_in_with,
    pending_token,
    request_options,
    show,
    with_passkey,
    with_totp,
)
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHER_KEY = generate_private_key(SECP256R1())


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna")


@pytest.fixture
async def device(users: Users, anna: User) -> Device:
    return await device_of(users, anna.username)


@pytest.fixture
async def phone(device: Device) -> Authenticator:
    """Anna's, with a passkey for her account."""
    phone = authenticator()
    await with_passkey(device.client, phone)
    return phone


async def passkeys_of(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    response = await client.get("/users/me/second-factors")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["passkeys"]
    return found


async def add(client: httpx.AsyncClient, credential: dict[str, Any], name: str = "My phone") -> httpx.Response:
    return await client.post("/users/me/passkeys", json={"name": name, "credential": credential})


async def remove(client: httpx.AsyncClient, passkey_id: object, **body: str) -> httpx.Response:
    return await client.request("DELETE", f"/users/me/passkeys/{passkey_id}", json=body)


async def actions(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


# --- Adding one ------------------------------------------------------------------------------------------------


async def test_a_passkey_is_a_second_factor_and_recovery_codes_come_with_it(
    app: FastAPI, session: AsyncSession, users: Users, device: Device
) -> None:
    other = await device_of(users, "anna")

    added = await with_passkey(device.client, authenticator(), "My phone")

    assert (added["passkey"]["name"], added["passkey"]["last_used_at"]) == ("My phone", None)
    assert len(added["recovery_codes"]) == 10
    assert await passkeys_of(device.client) == [added["passkey"]]
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is True
    assert await device.is_logged_in()
    assert not await other.is_logged_in()
    assert "A passkey was added to your account." in (await mails_waiting(app))[-1].text
    assert (await actions(session))[-1] == "passkey.added"


async def test_another_one_ends_nothing_and_brings_no_more_codes(users: Users, device: Device) -> None:
    phone, tablet = authenticator(), authenticator()
    await with_passkey(device.client, phone, "My phone")
    other = Device(users.app, await users.client())
    other.take(await log_in_with(other.client, phone))

    added = await with_passkey(device.client, tablet, "My tablet")

    assert added["recovery_codes"] == []
    assert await other.is_logged_in()
    assert [passkey["name"] for passkey in await passkeys_of(device.client)] == ["My phone", "My tablet"]


@pytest.mark.parametrize("body", [{}, {"current_password": "wrong"}])
@pytest.mark.one_database
async def test_whoever_adds_one_knows_the_password(device: Device, body: dict[str, str]) -> None:
    problem_in(await device.client.post("/users/me/passkeys/options", json=body), 403, "wrong_password")


async def test_without_a_password_a_recent_login_will_do(clock: time_machine.Traveller, users: Users) -> None:
    client = await users.client(Role.READER, hashed_password=UNUSABLE)
    assert (await client.post("/users/me/passkeys/options", json={})).status_code == 200

    clock.shift(timedelta(minutes=11))

    refused = await client.post("/users/me/passkeys/options", json={})
    problem_in(refused, 403, "recent_login_required")


async def test_browsers_are_told_which_passkeys_there_are(device: Device, phone: Authenticator) -> None:
    with pytest.raises(LookupError):
        phone.create(await creation_options(device.client))


async def test_a_passkey_belongs_to_one_account(monkeypatch: pytest.MonkeyPatch, users: Users, device: Device) -> None:
    await with_password(users, username="bert")
    bert = await device_of(users, "bert")
    monkeypatch.setattr("tests.support.authenticator.StoredKey", partial(StoredKey, credential_id=b"always the same"))
    await with_passkey(device.client, authenticator())

    for owner in (device, bert):
        credential = authenticator().create(await creation_options(owner.client))
        problem_in(await add(owner.client, credential), 409, "passkey_taken")

    assert len(await passkeys_of(device.client)) == 1
    assert await passkeys_of(bert.client) == []
    assert (await bert.client.get("/users/me")).json()["has_second_factor"] is False


WRONG = {
    "on another site": {"origin": "https://evil.example.com"},
    "not encrypted": {"origin": "http://blog.example.com"},
    "nobody verified": {"verifies_user": False},
    "nobody there": {"sees_user": False},
    "in a frame": {"is_framed": True},
    "another challenge": {"challenge": bytes(32)},
    "for another site": {"rp_id": "evil.example.com"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
@pytest.mark.one_database
async def test_what_was_not_made_here_for_this_is_refused(device: Device, wrong: dict[str, Any]) -> None:
    credential = replace(authenticator(), **wrong).create(await creation_options(device.client))

    problem_in(await add(device.client, credential), 401, "invalid_passkey")

    assert await passkeys_of(device.client) == []


async def test_options_are_for_one_passkey_and_five_minutes(clock: time_machine.Traveller, device: Device) -> None:
    options = await creation_options(device.client)
    assert (await add(device.client, authenticator().create(options))).status_code == 201
    problem_in(await add(device.client, authenticator().create(options)), 401, "invalid_passkey")

    late = authenticator().create(await creation_options(device.client))
    clock.shift(timedelta(minutes=5))

    problem_in(await add(device.client, late), 401, "invalid_passkey")


async def test_options_are_for_one_account(users: Users, device: Device) -> None:
    await with_password(users, username="bert")
    bert = await device_of(users, "bert")

    credential = authenticator().create(await creation_options(device.client))
    problem_in(await add(bert.client, credential), 401, "invalid_passkey")

    # Those of a login, which nobody had to know a password for, are for nobody.
    asked = await request_options(bert.client)
    credential = authenticator().create({**await creation_options(bert.client), "challenge": asked["challenge"]})
    problem_in(await add(bert.client, credential), 401, "invalid_passkey")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", None, 1])
@pytest.mark.one_database
async def test_a_passkey_has_a_name_in_one_line(device: Device, phone: Authenticator, name: object) -> None:
    (passkey,) = await passkeys_of(device.client)

    refused = await device.client.post("/users/me/passkeys", json={"name": name, "credential": {}})
    assert fields_of(problem_in(refused, 422, "validation_error")) == ["name"]
    refused = await device.client.patch(f"/users/me/passkeys/{passkey['id']}", json={"name": name})
    assert fields_of(problem_in(refused, 422, "validation_error")) == ["name"]
    assert phone.keys


async def test_a_passkey_is_renamed_by_its_owner(users: Users, device: Device, phone: Authenticator) -> None:
    assert phone.keys
    (passkey,) = await passkeys_of(device.client)
    path = f"/users/me/passkeys/{passkey['id']}"

    renamed = await device.client.patch(path, json={"name": "My old phone"})

    assert renamed.json() == {**passkey, "name": "My old phone"}
    other = await users.client(Role.ADMIN)
    problem_in(await other.patch(path, json={"name": "Mine"}), 404, "passkey_not_found")
    problem_in(await other.patch("/users/me/passkeys/999999", json={"name": "Mine"}), 404, "passkey_not_found")
    assert await passkeys_of(device.client) == [renamed.json()]


# --- Logging in ------------------------------------------------------------------------------------------------


async def test_a_passkey_alone_logs_in(
    clock: time_machine.Traveller, session: AsyncSession, users: Users, device: Device, phone: Authenticator
) -> None:
    clock.shift(timedelta(hours=1))
    new = Device(users.app, await users.client())
    options = await request_options(new.client)
    assert options["allowCredentials"] == []

    new.take(await show(new.client, phone.get(options)))

    assert (await new.client.get("/users/me")).json()["username"] == "anna"
    event = await session.scalar(
        select(AuditEvent).where(AuditEvent.action == "login.succeeded").order_by(AuditEvent.id.desc())
    )
    assert event is not None
    assert event.details == {"methods": ["passkey"]}
    await new.renew()
    (passkey,) = await passkeys_of(new.client)
    assert passkey["last_used_at"] == "2026-03-01T13:00:00Z"
    assert device.refresh_token != new.refresh_token


async def test_a_passkey_that_does_not_count_logs_in_again_and_again(users: Users, device: Device) -> None:
    phone = replace(authenticator(), counts=False)
    await with_passkey(device.client, phone)
    client = await users.client()

    for _ in range(2):
        assert (await log_in_with(client, phone)).status_code == 200


async def test_a_passkey_is_the_second_factor_after_the_password(users: Users, phone: Authenticator) -> None:
    client = await users.client()
    problem = problem_in(await log_in(client, "anna"), 401, "second_factor_required")
    assert problem["second_factor"]["methods"] == ["recovery_code", "passkey"]
    token = problem["second_factor"]["pending_token"]

    options = await request_options(client, token)

    assert [allowed["id"] for allowed in options["allowCredentials"]] == [encode(phone.keys[0].credential_id)]
    assert (await show(client, phone.get(options), token)).status_code == 200


async def test_a_passkey_is_enough_for_an_account_with_an_authenticator_app(users: Users, device: Device) -> None:
    await with_totp(device.client)
    phone = authenticator()
    assert (await with_passkey(device.client, phone))["recovery_codes"] == []
    client = await users.client()

    problem = problem_in(await log_in(client, "anna"), 401, "second_factor_required")

    assert problem["second_factor"]["methods"] == ["totp", "recovery_code", "passkey"]
    assert (await log_in_with(client, phone)).status_code == 200


async def test_the_refresh_token_comes_in_the_cookie_if_that_is_wanted(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, users: Users, phone: Authenticator
) -> None:
    monkeypatch.setattr(app.state.settings, "auth_cookie", "strict")
    client = await users.client()
    client.headers["Origin"] = "https://blog.example.com"

    response = await show(client, phone.get(await request_options(client)), use_cookie=True)

    assert response.json()["refresh_token"] is None
    assert response.cookies["colophon_refresh"].startswith("clr_")


async def test_a_recovery_code_does_for_a_lost_passkey(users: Users, device: Device) -> None:
    codes = (await with_passkey(device.client, authenticator()))["recovery_codes"]
    client = await users.client()

    response = await give(client, await pending_token(client, "anna"), recovery_code=codes[0])

    assert response.status_code == 200


# --- Answers that are not right --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [*WRONG.values(), {"private_key": OTHER_KEY}], ids=[*WRONG.keys(), "signed with another key"]
)
@pytest.mark.one_database
async def test_what_is_no_proof_is_refused(
    session: AsyncSession, users: Users, phone: Authenticator, wrong: dict[str, Any]
) -> None:
    problem_in(await log_in_with(await users.client(), replace(phone, **wrong)), 401, "invalid_passkey")

    assert (await actions(session))[-1] == "login.failed"


@pytest.mark.parametrize("credential", [{}, {"id": 1}, {"id": "AAAA", "response": {}}, {"response": None}])
@pytest.mark.one_database
async def test_what_is_no_answer_is_refused(users: Users, device: Device, credential: dict[str, Any]) -> None:
    problem_in(await show(await users.client(), credential), 401, "invalid_passkey")
    problem_in(await add(device.client, credential), 401, "invalid_passkey")


@pytest.mark.parametrize("credential", [None, "text", [], 1])
@pytest.mark.one_database
async def test_an_answer_is_an_object(users: Users, device: Device, credential: Any) -> None:
    refused = await show(await users.client(), credential)
    assert fields_of(problem_in(refused, 422, "validation_error")) == ["credential"]
    refused = await add(device.client, credential)
    assert fields_of(problem_in(refused, 422, "validation_error")) == ["credential"]


async def test_an_answer_counts_once(users: Users, phone: Authenticator) -> None:
    client = await users.client()
    options = await request_options(client)
    credential = phone.get(options)
    assert (await show(client, credential)).status_code == 200

    problem_in(await show(client, credential), 401, "invalid_passkey")
    problem_in(await show(client, phone.get(options)), 401, "invalid_passkey")


async def test_a_wrong_answer_uses_the_challenge_up_too(users: Users, phone: Authenticator) -> None:
    client = await users.client()
    options = await request_options(client)
    problem_in(await show(client, replace(phone, verifies_user=False).get(options)), 401, "invalid_passkey")

    problem_in(await show(client, phone.get(options)), 401, "invalid_passkey")


async def test_an_answer_that_comes_late_is_refused(
    clock: time_machine.Traveller, users: Users, device: Device
) -> None:
    phone = authenticator()
    await with_passkey(device.client, phone)
    client = await users.client()
    credential = phone.get(await request_options(client))
    clock.shift(timedelta(minutes=5))

    problem_in(await show(client, credential), 401, "invalid_passkey")


async def test_of_answers_that_come_at_once_one_counts(live_users: Users) -> None:
    await with_password(live_users, username="anna")
    phone = authenticator()
    await with_passkey((await device_of(live_users, "anna")).client, phone)
    client = await live_users.client()
    credential = phone.get(await request_options(client))

    responses = await asyncio.gather(*(show(client, credential) for _ in range(4)))

    assert sorted(response.status_code for response in responses) == [200, 401, 401, 401]


async def test_a_copy_of_a_passkey_is_found_out(users: Users, phone: Authenticator) -> None:
    copy = replace(phone, keys=[replace(key) for key in phone.keys])
    client = await users.client()
    for _ in range(2):
        assert (await log_in_with(client, phone)).status_code == 200

    problem_in(await log_in_with(client, copy), 401, "invalid_passkey")
    # Now it says what the real one said last.
    problem_in(await log_in_with(client, copy), 401, "invalid_passkey")

    assert (await log_in_with(client, phone)).status_code == 200


async def test_a_passkey_that_was_removed_or_never_added_looks_like_any_wrong_one(
    users: Users, device: Device, phone: Authenticator
) -> None:
    client = await users.client()
    unknown = authenticator()
    unknown.create(await creation_options(device.client))
    (passkey,) = await passkeys_of(device.client)
    assert (await remove(device.client, passkey["id"], **KNOWING_IT)).status_code == 204

    problems = [problem_in(await log_in_with(client, one), 401, "invalid_passkey") for one in (unknown, phone)]

    assert problems[0] == {**problems[1], "instance": problems[0]["instance"]}


async def test_the_passkey_of_an_account_that_is_not_in_use_is_refused(
    users: Users, anna: User, phone: Authenticator
) -> None:
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{anna.id}", json={"is_active": False})

    problem_in(await log_in_with(await users.client(), phone), 401, "invalid_passkey")


async def test_a_passkey_made_for_another_account_is_refused(users: Users, phone: Authenticator) -> None:
    phone.keys[0].user_handle = b"another account"

    problem_in(await log_in_with(await users.client(), phone), 401, "invalid_passkey")


async def test_one_accounts_passkey_does_not_complete_anothers_login(users: Users, phone: Authenticator) -> None:
    await with_password(users, username="bert")
    bert, berts = await device_of(users, "bert"), authenticator()
    await with_passkey(bert.client, berts)
    client = await users.client()
    token = await pending_token(client, "bert")

    options = await request_options(client, token)
    with pytest.raises(LookupError):
        phone.get(options)
    credential = phone.get({**options, "allowCredentials": []})

    problem_in(await show(client, credential, token), 401, "invalid_passkey")
    assert (await log_in_with(client, berts, token)).status_code == 200


async def test_what_was_asked_of_one_login_does_not_serve_another(users: Users, phone: Authenticator) -> None:
    client = await users.client()
    token = await pending_token(client, "anna")

    problem_in(await show(client, phone.get(await request_options(client)), token), 401, "invalid_passkey")
    problem_in(await show(client, phone.get(await request_options(client, token))), 401, "invalid_passkey")


async def test_a_pending_token_is_looked_at_first(users: Users, device: Device, phone: Authenticator) -> None:
    client = await users.client()
    access_token = device.client.headers["Authorization"].removeprefix("Bearer ")
    for token in ("garbage", access_token):
        asked = await client.post("/auth/login/passkey-options", json={"pending_token": token})
        problem_in(asked, 401, "invalid_pending_token")
        credential = phone.get(await request_options(client))
        problem_in(await show(client, credential, token), 401, "invalid_pending_token")


async def test_nothing_can_be_asked_of_an_account_without_a_passkey(users: Users, device: Device) -> None:
    await with_totp(device.client)
    client = await users.client()
    token = await pending_token(client, "anna")

    asked = await client.post("/auth/login/passkey-options", json={"pending_token": token})

    problem_in(asked, 409, "no_second_factor")


# --- Removing one ----------------------------------------------------------------------------------------------


async def test_with_the_last_passkey_the_protection_goes(
    app: FastAPI, session: AsyncSession, users: Users, device: Device, phone: Authenticator
) -> None:
    tablet = authenticator()
    second = await with_passkey(device.client, tablet, "My tablet")
    (first, _) = await passkeys_of(device.client)

    assert (await remove(device.client, first["id"], **KNOWING_IT)).status_code == 204
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is True
    problem_in(await log_in_with(await users.client(), phone), 401, "invalid_passkey")
    assert (await log_in_with(await users.client(), tablet)).status_code == 200

    assert (await remove(device.client, second["passkey"]["id"], **KNOWING_IT)).status_code == 204
    assert (await device.client.get("/users/me")).json()["has_second_factor"] is False
    found = (await device.client.get("/users/me/second-factors")).json()
    assert found == {"totp": False, "recovery_codes": 0, "passkeys": []}
    assert (await log_in(await users.client(), "anna")).status_code == 200
    assert "A passkey was removed from your account." in (await mails_waiting(app))[-1].text
    assert (await actions(session)).count("passkey.removed") == 2


async def test_the_app_stays_when_the_passkey_goes(
    clock: time_machine.Traveller, users: Users, device: Device, phone: Authenticator
) -> None:
    app = await with_totp(device.client)
    assert (phone.keys != [], app.recovery_codes) == (True, [])
    (passkey,) = await passkeys_of(device.client)

    await remove(device.client, passkey["id"], **KNOWING_IT)

    found = (await device.client.get("/users/me/second-factors")).json()
    assert found == {"totp": True, "recovery_codes": 10, "passkeys": []}
    clock.shift(STEP)
    client = await users.client()
    assert (await give(client, await pending_token(client, "anna"), code=app.code())).status_code == 200


async def test_whoever_removes_one_knows_the_password(device: Device, phone: Authenticator) -> None:
    assert phone.keys
    (passkey,) = await passkeys_of(device.client)

    problem_in(await remove(device.client, passkey["id"]), 403, "wrong_password")
    problem_in(await remove(device.client, passkey["id"], current_password="wrong"), 403, "wrong_password")

    assert await passkeys_of(device.client) == [passkey]


async def test_nobody_removes_somebody_elses(users: Users, device: Device, phone: Authenticator) -> None:
    assert phone.keys
    (passkey,) = await passkeys_of(device.client)
    await with_password(users, username="bert", role=Role.ADMIN)
    bert = await device_of(users, "bert")

    for passkey_id in (passkey["id"], 999_999):
        problem_in(await remove(bert.client, passkey_id, **KNOWING_IT), 404, "passkey_not_found")

    assert await passkeys_of(device.client) == [passkey]


async def test_the_last_way_in_is_not_removed(
    monkeypatch: pytest.MonkeyPatch, session: AsyncSession, users: Users
) -> None:
    user = await users.user(hashed_password=UNUSABLE)
    client, phone = await users.client_for(user), authenticator()
    await with_passkey(client, phone)
    (passkey,) = await passkeys_of(client)

    problem_in(await remove(client, passkey["id"]), 409, "last_login_method")

    assert (await log_in_with(await users.client(), phone)).status_code == 200
    session.add(ProviderAccount(user_id=user.id, provider="github", subject="1"))
    await session.commit()
    # One that is not offered any more is no way in.
    problem_in(await remove(client, passkey["id"]), 409, "last_login_method")
    monkeypatch.setattr(users.app.state.process.share(IdentityProviders), "names", lambda: ["github"])
    assert (await remove(client, passkey["id"])).status_code == 204


async def test_of_the_last_two_ways_in_one_stays_whoever_is_quick(live_users: Users) -> None:
    user = await live_users.user(hashed_password=UNUSABLE)
    client = await live_users.client_for(user)
    for _ in range(2):
        await with_passkey(client, authenticator())

    responses = await asyncio.gather(*(remove(client, passkey["id"]) for passkey in await passkeys_of(client)))

    assert sorted(response.status_code for response in responses) == [204, 409]
    assert len(await passkeys_of(client)) == 1


# --- What is stored --------------------------------------------------------------------------------------------


async def test_the_public_half_is_all_that_is_stored(session: AsyncSession, phone: Authenticator) -> None:
    (passkey,) = await session.scalars(select(Passkey))

    assert passkey.credential_id == phone.keys[0].credential_id
    assert (passkey.transports, passkey.sign_count, passkey.is_backed_up) == ("internal hybrid", 0, False)


async def test_whether_a_passkey_is_backed_up_is_kept_up_to_date(
    session: AsyncSession, users: Users, phone: Authenticator
) -> None:
    await log_in_with(await users.client(), replace(phone, is_backed_up=True))

    assert await session.scalar(select(Passkey.is_backed_up)) is True
    assert await session.scalar(select(Passkey.sign_count)) == 1
