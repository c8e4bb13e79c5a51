"""Who has an account is told to nobody: not by an answer, not in two steps, not by a limit."""

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.support.logins import log_in, with_password
from tests.support.mails import mails_waiting, token_in
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users

CURIOUS = "six slow badgers"
KNOWN, UNKNOWN = "known@example.com", "unknown@example.com"


@pytest.fixture(autouse=True)
async def known(users: Users) -> User:
    return await with_password(users, username="known")


def shape_of(response: httpx.Response) -> tuple[int, str, list[tuple[str, str]]]:
    """All that a client gets, but for what differs between any two requests."""
    request_id = response.headers["X-Request-ID"]
    headers = [(name, value) for name, value in response.headers.items() if name not in {"x-request-id", "ratelimit"}]
    return response.status_code, response.text.replace(request_id, ""), headers


async def register(client: httpx.AsyncClient, email: str, username: str) -> httpx.Response:
    return await client.post("/auth/register", json={"email": email, "username": username, "password": CURIOUS})


@pytest.mark.parametrize("path", ["/auth/forgot-password", "/auth/request-verify-token"])
async def test_asking_for_a_mail_is_answered_alike(users: Users, path: str) -> None:
    responses = [await (await users.client()).post(path, json={"email": email}) for email in (KNOWN, UNKNOWN)]

    assert shape_of(responses[0]) == shape_of(responses[1])
    assert responses[0].status_code == 202


async def test_registering_is_answered_alike(app: FastAPI, users: Users) -> None:
    responses = [
        await register(await users.client(), email, username) for email, username in ((KNOWN, "a-1"), (UNKNOWN, "a-2"))
    ]

    assert shape_of(responses[0]) == shape_of(responses[1])
    assert responses[0].status_code == 202
    to_known, to_unknown = await mails_waiting(app)
    assert (to_known.recipient, to_unknown.recipient) == (KNOWN, UNKNOWN)
    assert "tried to register another account" in to_known.text
    assert token_in(to_unknown.text)


async def test_registering_takes_the_same_statements(app: FastAPI, users: Users) -> None:
    taken = []
    for email, username in ((KNOWN, "a-1"), (UNKNOWN, "a-2")):
        with recorded_statements(app.state.database) as statements:
            await register(await users.client(), email, username)
        taken.append(list(statements))

    assert taken[0] == taken[1]
    assert len(taken[0]) > 2


async def test_a_taken_username_is_told_whatever_the_address(users: Users) -> None:
    for email in (KNOWN, UNKNOWN):
        problem_in(await register(await users.client(), email, "known"), 409, "username_taken")


async def test_what_was_registered_behaves_alike_afterwards(users: Users) -> None:
    """In two steps: after registering, the username is taken, and logs in, whether or not the address was free."""
    shown = []
    for email, username in ((KNOWN, "a-1"), (UNKNOWN, "a-2")):
        client = await users.client()
        await register(client, email, username)
        problem_in(await register(client, "third@example.com", username), 409, "username_taken")
        problem_in(await log_in(client, email, CURIOUS), 401, "invalid_credentials")
        tokens = (await log_in(client, username, CURIOUS)).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        me = (await client.get("/users/me")).json()
        assert me["pending_email"] == email
        shown.append({key: me[key] for key in ("email", "is_verified", "is_active", "role", "has_second_factor")})

    assert shown[0] == shown[1]


async def test_whoever_registers_with_anothers_address_gets_no_way_to_confirm_it(app: FastAPI, users: Users) -> None:
    client = await users.client()
    await register(client, KNOWN, "a-1")
    await client.post("/auth/request-verify-token", json={"email": KNOWN})

    assert all("verify?token=" not in mail.text for mail in await mails_waiting(app))


async def test_a_wrong_login_is_answered_alike(users: Users) -> None:
    responses = [await log_in(await users.client(), login, "wrong otters") for login in (KNOWN, UNKNOWN, "known", "x")]

    assert {str(shape_of(response)) for response in responses} == {str(shape_of(responses[0]))}


async def test_failures_lock_what_was_typed_whether_or_not_it_is_known(users: Users) -> None:
    for login in (KNOWN, UNKNOWN):
        client = await users.client()
        responses = [(await log_in(client, login, "wrong otters")).status_code for _ in range(6)]

        assert responses == [401] * 5 + [429]

    # Otherwise it would tell whose address that is.
    assert (await log_in(await users.client(), "known")).status_code == 200


async def test_admins_are_told_that_an_address_is_taken(users: Users) -> None:
    admin, other = await users.client(Role.ADMIN), await users.user()

    problem_in(await admin.patch(f"/users/{other.id}", json={"email": KNOWN}), 409, "email_taken")
