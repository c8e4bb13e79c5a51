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
from tests.support.hostile import NEVER_VALID, json_with
from tests.support.mails import mailed_token, mails_waiting, token_in
from tests.support.people import People, client_of
from tests.support.problems import fields_of, problem_in

OLD, NEW = "four calm otters", "nine loud herons"
# The settings of the tests sign with it.
SECRET = "a secret of the tests that is long enough to sign with"


async def anna_of(people: People, *, is_verified: bool) -> User:
    hashed = await people.app.state.process.passwords.hash(OLD)
    return await people.user(username="anna", hashed_password=hashed, is_verified=is_verified)


@pytest.fixture
async def anna(people: People) -> User:
    return await anna_of(people, is_verified=True)


@pytest.fixture
async def unverified(people: People) -> User:
    return await anna_of(people, is_verified=False)


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


async def test_the_mailed_link_confirms_the_address_once(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    data = {"email": "anna@example.com", "username": "anna", "password": OLD}
    await stranger.post("/auth/register", json=data)
    token = await mailed_token(app)

    confirmed = await verify(stranger, token)

    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.json()["is_verified"] is True
    problem_in(await verify(stranger, token), 403, "invalid_verification_token")


@pytest.mark.usefixtures("unverified")
@pytest.mark.parametrize("email", ["anna@example.com", "ANNA@example.com"])
async def test_the_link_can_be_asked_for_once_more(app: FastAPI, stranger: httpx.AsyncClient, email: str) -> None:
    assert (await stranger.post("/auth/request-verify-token", json={"email": email})).status_code == 202

    assert (await verify(stranger, await mailed_token(app))).status_code == 200


@pytest.mark.parametrize("path", ["/auth/request-verify-token", "/auth/forgot-password"])
async def test_whether_there_is_an_account_is_not_told(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, path: str
) -> None:
    await people.user(username="known", is_verified=False)
    await people.user(username="inactive", is_verified=False, is_active=False)

    answers = [
        await stranger.post(path, json={"email": f"{name}@example.com"}) for name in ("known", "nobody", "inactive")
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == 3 * [(202, {})]
    assert [mail.recipient for mail in await mails_waiting(app)] == ["known@example.com"]


@pytest.mark.usefixtures("anna")
async def test_a_confirmed_address_gets_no_further_mail(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    await stranger.post("/auth/request-verify-token", json={"email": "anna@example.com"})

    assert await mails_waiting(app) == []


async def test_the_link_confirms_only_the_address_that_it_was_mailed_to(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, unverified: User
) -> None:
    token = await verification_token(stranger, app)
    admin = await people.client(Role.ADMIN)
    await admin.patch(f"/users/{unverified.id}", json={"email": "another@example.com"})

    problem_in(await verify(stranger, token), 403, "invalid_verification_token")

    await people.user(username="successor", email="anna@example.com", is_verified=False)
    problem_in(await verify(stranger, token), 403, "invalid_verification_token")


# --- Choosing a new password -----------------------------------------------------------------------------------


async def test_the_mailed_link_changes_the_password_and_ends_every_login(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, anna: User
) -> None:
    client = await people.client_for(anna)

    answer = await reset(stranger, await reset_token(stranger, app))

    assert answer.status_code == 204, answer.text
    assert await can_log_in(stranger, NEW)
    assert not await can_log_in(stranger, OLD)
    problem_in(await client.get("/users/me"), 401, "invalid_token")


@pytest.mark.usefixtures("unverified")
async def test_whoever_reads_the_mail_owns_the_address(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    await reset(stranger, await reset_token(stranger, app))

    login = await stranger.post("/auth/login", data={"username": "anna", "password": NEW})
    async with client_of(app, login.json()["access_token"]) as client:
        assert (await client.get("/users/me")).json()["is_verified"] is True


@pytest.mark.usefixtures("anna")
async def test_the_link_works_once_and_so_do_all_others_of_its_time(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    first = await reset_token(stranger, app)
    second = await reset_token(stranger, app)
    assert (await reset(stranger, second)).status_code == 204

    for token in (first, second):
        problem_in(await reset(stranger, token, "six slow badgers"), 403, "invalid_reset_token")
    assert await can_log_in(stranger, NEW)


async def test_the_link_works_once_even_when_it_is_used_twice_at_once(live_app: FastAPI, live_people: People) -> None:
    await anna_of(live_people, is_verified=True)
    client = await live_people.client()
    token = await reset_token(client, live_app)
    passwords = [f"{NEW} {number}" for number in range(4)]

    answers = await asyncio.gather(*(reset(client, token, password) for password in passwords))

    assert sorted(answer.status_code for answer in answers) == [204, 403, 403, 403]
    (winner,) = [password for password, answer in zip(passwords, answers, strict=True) if answer.status_code == 204]
    assert await can_log_in(client, winner)


async def test_a_weak_password_does_not_use_up_the_link(app: FastAPI, stranger: httpx.AsyncClient, anna: User) -> None:
    token = await reset_token(stranger, app)

    for weak in ("password123", anna.contact_email):
        assert fields_of(problem_in(await reset(stranger, token, weak), 422, "weak_password")) == ["password"]

    assert (await reset(stranger, token)).status_code == 204


async def test_the_link_does_not_outlive_a_change_of_the_password(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, anna: User
) -> None:
    token = await reset_token(stranger, app)
    change = {"current_password": OLD, "new_password": "six slow badgers"}
    assert (await (await people.client_for(anna)).put("/users/me/password", json=change)).status_code == 204

    problem_in(await reset(stranger, token), 403, "invalid_reset_token")


async def test_the_link_does_not_outlive_a_change_of_the_address(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, anna: User
) -> None:
    token = await reset_token(stranger, app)
    admin = await people.client(Role.ADMIN)
    await admin.patch(f"/users/{anna.id}", json={"email": "another@example.com"})

    problem_in(await reset(stranger, token), 403, "invalid_reset_token")


@pytest.mark.parametrize("change", [{"is_active": False}, None])
async def test_the_link_is_worthless_for_an_account_that_is_not_in_use(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, anna: User, change: dict[str, bool] | None
) -> None:
    token = await reset_token(stranger, app)
    admin = await people.client(Role.ADMIN)
    account = f"/users/{anna.id}"
    await (admin.patch(account, json=change) if change else admin.delete(account))

    problem_in(await reset(stranger, token), 403, "invalid_reset_token")


# --- Tokens ----------------------------------------------------------------------------------------------------


async def test_no_token_serves_another_purpose(
    app: FastAPI, people: People, stranger: httpx.AsyncClient, unverified: User
) -> None:
    access = (await people.client_for(unverified)).headers["Authorization"].removeprefix("Bearer ")
    for_address = await verification_token(stranger, app)
    for_password = await reset_token(stranger, app)
    assert token_in((await mails_waiting(app))[0].text) == for_address

    for token in (access, for_password):
        problem_in(await verify(stranger, token), 403, "invalid_verification_token")
    for token in (access, for_address):
        problem_in(await reset(stranger, token), 403, "invalid_reset_token")
    for token in (for_address, for_password):
        async with client_of(app, token) as client:
            problem_in(await client.get("/users/me"), 401, "invalid_token")


async def test_a_link_does_not_work_for_ever(app: FastAPI, stranger: httpx.AsyncClient, unverified: User) -> None:
    for token, use, code in (
        (await verification_token(stranger, app), verify, "invalid_verification_token"),
        (await reset_token(stranger, app), reset, "invalid_reset_token"),
    ):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["sub"] == str(unverified.id)
        expired = {**claims, "exp": datetime.now(UTC) - timedelta(seconds=1)}

        problem_in(await use(stranger, jwt.encode(expired, SECRET, "HS256")), 403, code)
        # The same token, not expired: it was for nothing else that it was refused.
        assert (await use(stranger, jwt.encode(claims, SECRET, "HS256"))).is_success


@pytest.mark.parametrize("token", ["", "garbage", "..", "a.b.c", "ü" * 100])
async def test_garbage_is_no_token(stranger: httpx.AsyncClient, token: str) -> None:
    problem_in(await verify(stranger, token), 403, "invalid_verification_token")
    problem_in(await reset(stranger, token), 403, "invalid_reset_token")


@pytest.mark.parametrize("value", ["null", *NEVER_VALID.values()], ids=["null", *NEVER_VALID.keys()])
async def test_hostile_values_are_refused(stranger: httpx.AsyncClient, value: str) -> None:
    for path, fields in {
        "/auth/verify": {"token": value},
        "/auth/request-verify-token": {"email": value},
        "/auth/forgot-password": {"email": value},
        "/auth/reset-password": {"token": value, "password": value},
    }.items():
        refused = await stranger.post(path, content=json_with(fields), headers={"Content-Type": "application/json"})

        problem = problem_in(refused, 422, "validation_error")
        assert fields_of(problem) == [f"{field}" for field in fields]


async def test_a_reset_confirms_the_address_that_its_link_went_to(
    app: FastAPI, people: People, stranger: httpx.AsyncClient
) -> None:
    """An admin may hand out a link to somebody who has not confirmed the address yet."""
    user = await people.user(username="bert", email=None, pending_email="b@example.com", is_verified=False)
    token = UserManager(app.state.database.reading(), app.state.settings).reset_token(user)

    assert (await reset(stranger, token)).status_code == 204

    login = await stranger.post("/auth/login", data={"username": "b@example.com", "password": NEW})
    assert login.status_code == 200, login.text
