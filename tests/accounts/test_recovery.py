"""What comes by mail: confirming one's address, and choosing a new password."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.accounts.user_manager import UserManager
from app.core.roles import Role
from tests.support.mails import mailed_token, mails_waiting, token_in
from tests.support.malformed import NEVER_VALID, json_with
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users, client_of

OLD, NEW = "four calm otters", "nine loud herons"
# The settings of the tests sign with it.
SECRET = "a secret of the tests that is long enough to sign with"


async def anna_of(users: Users, *, is_verified: bool) -> User:
    hashed = await users.app.state.process.passwords.hash(OLD)
    return await users.user(username="anna", hashed_password=hashed, is_verified=is_verified)


@pytest.fixture
async def anna(users: Users) -> User:
    return await anna_of(users, is_verified=True)


@pytest.fixture
async def unverified(users: Users) -> User:
    return await anna_of(users, is_verified=False)


async def verification_token(client: httpx.AsyncClient, app: FastAPI) -> str:
    asked = await client.post("/auth/request-verify-token", json={"email": "anna@example.com"})
    assert asked.status_code == 202, asked.text
    return await mailed_token(app)


async def reset_token(client: httpx.AsyncClient, app: FastAPI) -> str:
    asked = await client.post("/auth/forgot-password", json={"email": "anna@example.com"})
    assert asked.status_code == 202, asked.text
    return await mailed_token(app)


async def reset(client: httpx.AsyncClient, token: str, password: str = NEW) -> httpx.Response:
    return await client.post("/auth/reset-password", json={"token": token, "password": password})


async def verify(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/verify", json={"token": token})


async def can_log_in(client: httpx.AsyncClient, password: str) -> bool:
    return (await client.post("/auth/login", data={"username": "anna", "password": password})).status_code == 200


# --- Confirming an address -------------------------------------------------------------------------------------


async def test_the_mailed_link_confirms_the_address_once(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    data = {"email": "anna@example.com", "username": "anna", "password": OLD}
    await anonymous.post("/auth/register", json=data)
    token = await mailed_token(app)

    confirmed = await verify(anonymous, token)

    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json()["is_verified"] is True
    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")


@pytest.mark.usefixtures("unverified")
@pytest.mark.parametrize("email", ["anna@example.com", "ANNA@example.com"])
async def test_the_link_can_be_asked_for_once_more(app: FastAPI, anonymous: httpx.AsyncClient, email: str) -> None:
    assert (await anonymous.post("/auth/request-verify-token", json={"email": email})).status_code == 202

    assert (await verify(anonymous, await mailed_token(app))).status_code == 200


@pytest.mark.parametrize("path", ["/auth/request-verify-token", "/auth/forgot-password"])
async def test_whether_there_is_an_account_is_not_told(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, path: str
) -> None:
    await users.user(username="known", is_verified=False)
    await users.user(username="inactive", is_verified=False, is_active=False)

    responses = [
        await anonymous.post(path, json={"email": f"{name}@example.com"}) for name in ("known", "nobody", "inactive")
    ]

    assert [(response.status_code, response.json()) for response in responses] == 3 * [(202, {})]
    assert [mail.recipient for mail in await mails_waiting(app)] == ["known@example.com"]


@pytest.mark.usefixtures("anna")
async def test_a_confirmed_address_gets_no_further_mail(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/auth/request-verify-token", json={"email": "anna@example.com"})

    assert await mails_waiting(app) == []


async def test_the_link_confirms_only_the_address_that_it_was_mailed_to(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, unverified: User
) -> None:
    token = await verification_token(anonymous, app)
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{unverified.id}", json={"email": "another@example.com"})

    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")

    await users.user(username="successor", email="anna@example.com", is_verified=False)
    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")


# --- Choosing a new password -----------------------------------------------------------------------------------


async def test_the_mailed_link_changes_the_password_and_ends_every_login(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User
) -> None:
    client = await users.client_for(anna)

    response = await reset(anonymous, await reset_token(anonymous, app))

    assert response.status_code == 204, response.text
    assert await can_log_in(anonymous, NEW)
    assert not await can_log_in(anonymous, OLD)
    problem_in(await client.get("/users/me"), 401, "invalid_token")


@pytest.mark.usefixtures("unverified")
async def test_whoever_reads_the_mail_owns_the_address(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    await reset(anonymous, await reset_token(anonymous, app))

    login = await anonymous.post("/auth/login", data={"username": "anna", "password": NEW})
    async with client_of(app, login.json()["access_token"]) as client:
        assert (await client.get("/users/me")).json()["is_verified"] is True


@pytest.mark.usefixtures("anna")
async def test_the_link_works_once_and_so_do_all_others_of_its_time(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    first = await reset_token(anonymous, app)
    second = await reset_token(anonymous, app)
    assert (await reset(anonymous, second)).status_code == 204

    for token in (first, second):
        problem_in(await reset(anonymous, token, "six slow badgers"), 403, "invalid_reset_token")
    assert await can_log_in(anonymous, NEW)


async def test_the_link_works_once_even_when_it_is_used_twice_at_once(live_app: FastAPI, live_users: Users) -> None:
    await anna_of(live_users, is_verified=True)
    client = await live_users.client()
    token = await reset_token(client, live_app)
    passwords = [f"{NEW} {number}" for number in range(4)]

    responses = await asyncio.gather(*(reset(client, token, password) for password in passwords))

    assert sorted(response.status_code for response in responses) == [204, 403, 403, 403]
    (winner,) = [
        password for password, response in zip(passwords, responses, strict=True) if response.status_code == 204
    ]
    assert await can_log_in(client, winner)


async def test_a_weak_password_does_not_use_up_the_link(app: FastAPI, anonymous: httpx.AsyncClient, anna: User) -> None:
    token = await reset_token(anonymous, app)

    for weak in ("password123", anna.contact_email):
        assert fields_of(problem_in(await reset(anonymous, token, weak), 422, "weak_password")) == ["password"]

    assert (await reset(anonymous, token)).status_code == 204


async def test_the_link_does_not_outlive_a_change_of_the_password(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User
) -> None:
    token = await reset_token(anonymous, app)
    change = {"current_password": OLD, "new_password": "six slow badgers"}
    assert (await (await users.client_for(anna)).put("/users/me/password", json=change)).status_code == 204

    problem_in(await reset(anonymous, token), 403, "invalid_reset_token")


async def test_the_link_does_not_outlive_a_change_of_the_address(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User
) -> None:
    token = await reset_token(anonymous, app)
    admin = await users.client(Role.ADMIN)
    await admin.patch(f"/users/{anna.id}", json={"email": "another@example.com"})

    problem_in(await reset(anonymous, token), 403, "invalid_reset_token")


@pytest.mark.parametrize("change", [{"is_active": False}, None])
async def test_the_link_is_worthless_for_an_account_that_is_not_in_use(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User, change: dict[str, bool] | None
) -> None:
    token = await reset_token(anonymous, app)
    admin = await users.client(Role.ADMIN)
    account = f"/users/{anna.id}"
    await (admin.patch(account, json=change) if change else admin.delete(account))

    problem_in(await reset(anonymous, token), 403, "invalid_reset_token")


# --- Tokens ----------------------------------------------------------------------------------------------------


async def test_no_token_serves_another_purpose(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, unverified: User
) -> None:
    access = (await users.client_for(unverified)).headers["Authorization"].removeprefix("Bearer ")
    for_address = await verification_token(anonymous, app)
    for_password = await reset_token(anonymous, app)
    assert token_in((await mails_waiting(app))[0].text) == for_address

    for token in (access, for_password):
        problem_in(await verify(anonymous, token), 403, "invalid_verification_token")
    for token in (access, for_address):
        problem_in(await reset(anonymous, token), 403, "invalid_reset_token")
    for token in (for_address, for_password):
        async with client_of(app, token) as client:
            problem_in(await client.get("/users/me"), 401, "invalid_token")


async def test_a_link_does_not_work_for_ever(app: FastAPI, anonymous: httpx.AsyncClient, unverified: User) -> None:
    for token, use, code in (
        (await verification_token(anonymous, app), verify, "invalid_verification_token"),
        (await reset_token(anonymous, app), reset, "invalid_reset_token"),
    ):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["sub"] == str(unverified.id)
        expired = {**claims, "exp": datetime.now(UTC) - timedelta(seconds=1)}

        problem_in(await use(anonymous, jwt.encode(expired, SECRET, "HS256")), 403, code)
        # The same token, not expired: it was for nothing else that it was refused.
        assert (await use(anonymous, jwt.encode(claims, SECRET, "HS256"))).is_success


@pytest.mark.parametrize("token", ["", "garbage", "..", "a.b.c", "ü" * 100])
@pytest.mark.one_database
async def test_garbage_is_no_token(anonymous: httpx.AsyncClient, token: str) -> None:
    problem_in(await verify(anonymous, token), 403, "invalid_verification_token")
    problem_in(await reset(anonymous, token), 403, "invalid_reset_token")


@pytest.mark.parametrize("value", ["null", *NEVER_VALID.values()], ids=["null", *NEVER_VALID.keys()])
@pytest.mark.one_database
async def test_malformed_values_are_refused(anonymous: httpx.AsyncClient, value: str) -> None:
    for path, fields in {
        "/auth/verify": {"token": value},
        "/auth/request-verify-token": {"email": value},
        "/auth/forgot-password": {"email": value},
        "/auth/reset-password": {"token": value, "password": value},
    }.items():
        refused = await anonymous.post(path, content=json_with(fields), headers={"Content-Type": "application/json"})

        problem = problem_in(refused, 422, "validation_error")
        assert fields_of(problem) == [f"{field}" for field in fields]


async def test_a_reset_confirms_the_address_that_its_link_went_to(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient
) -> None:
    """An admin may hand out a link to somebody who has not confirmed the address yet."""
    user = await users.user(username="bert", email=None, pending_email="b@example.com", is_verified=False)
    token = UserManager(app.state.database.reading(), app.state.settings).reset_token(user)

    assert (await reset(anonymous, token)).status_code == 204

    login = await anonymous.post("/auth/login", data={"username": "b@example.com", "password": NEW})
    assert login.status_code == 200, login.text
