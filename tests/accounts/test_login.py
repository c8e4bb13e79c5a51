"""Logging in, and how long that lasts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users, client_of

PASSWORD = "four calm otters"
# The settings of the tests sign with it.
SECRET = "a secret of the tests that is long enough to sign with"
AUDIENCE = "colophon:access"
ABSENT = object()


@pytest.fixture
async def anna(app: FastAPI, users: Users) -> User:
    hashed = await app.state.process.passwords.hash(PASSWORD)
    return await users.user(username="anna", email="ünal@example.com", hashed_password=hashed)


async def reloaded(users: Users, user: User) -> User:
    async with users.app.state.database.reading() as session:
        found: User = await session.get_one(User, user.id)
        return found


async def log_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post("/auth/login", data={"username": username, "password": password})


@pytest.mark.parametrize(
    "login", ["anna", "ANNA", " Anna ", "ünal@example.com", "ÜNAL@EXAMPLE.COM", "U\u0308nal@example.com"]
)
@pytest.mark.usefixtures("anna")
async def test_people_log_in_by_address_or_username_in_any_case(
    app: FastAPI, anonymous: httpx.AsyncClient, login: str
) -> None:
    response = await log_in(anonymous, login)

    assert response.status_code == 200, response.text
    token = response.json()
    assert (token["token_type"], token["expires_in"]) == ("bearer", 900)
    async with client_of(app, token["access_token"]) as client:
        assert (await client.get("/users/me")).json()["username"] == "anna"


@pytest.mark.usefixtures("anna")
async def test_what_else_an_oauth2_form_holds_does_no_harm(anonymous: httpx.AsyncClient) -> None:
    form = {"username": "anna", "password": PASSWORD, "grant_type": "password", "scope": "", "client_id": "docs"}

    assert (await anonymous.post("/auth/login", data=form)).status_code == 200


async def test_all_who_may_not_log_in_get_the_same_answer(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User
) -> None:
    hashed = await app.state.process.passwords.hash(PASSWORD)
    await users.user(username="gone", hashed_password=hashed, is_active=False)
    await users.user(username="no-password")
    admin = await users.client(Role.ADMIN)
    forgotten = await users.user(username="forgotten", hashed_password=hashed)
    await admin.delete(f"/users/{forgotten.id}")

    responses = [
        await log_in(anonymous, *attempt)
        for attempt in [
            ("anna", "four wild otters"),
            (anna.contact_email, PASSWORD.upper()),
            ("nobody", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("gone", PASSWORD),
            ("no-password", "!"),
            ("forgotten", PASSWORD),
            (f"deleted.{forgotten.id}", PASSWORD),
        ]
    ]

    problems = [problem_in(response, 401, "invalid_credentials") for response in responses]
    assert len({str({**problem, "instance": ""}) for problem in problems}) == 1
    assert {response.headers["WWW-Authenticate"] for response in responses} == {"Bearer"}


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"username": "anna"},
        {"password": PASSWORD},
        {"username": "", "password": ""},
        {"username": "anna", "password": "x" * 257},
        {"username": "a" * 321, "password": PASSWORD},
        {"username": "an\x00na", "password": PASSWORD},
        {"username": "anna", "password": "four\x00calm otters"},
        {"username": "anna", "password": PASSWORD, "grant_type": "refresh_token"},
    ],
)
@pytest.mark.one_database
async def test_a_form_that_is_not_one_is_refused(anonymous: httpx.AsyncClient, form: dict[str, str]) -> None:
    refused = await anonymous.post("/auth/login", data=form)

    problem_in(refused, 422, "validation_error")
    assert PASSWORD not in refused.text


async def test_bytes_that_are_no_text_match_no_account(anonymous: httpx.AsyncClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    for broken in (b"username=%ED%A0%80&password=%ED%A0%80", b"username=\xff\xfe&password=\xed\xa0\x80"):
        problem_in(await anonymous.post("/auth/login", content=broken, headers=form), 401, "invalid_credentials")


async def test_a_hash_of_older_parameters_is_replaced_at_login(
    users: Users, session: AsyncSession, anonymous: httpx.AsyncClient
) -> None:
    weaker = Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
    user = await users.user(username="bert", hashed_password=weaker)

    assert (await log_in(anonymous, "bert")).status_code == 200

    stored = await session.scalar(select(User.hashed_password).where(User.id == user.id))
    assert stored is not None
    assert stored != weaker
    assert (await log_in(anonymous, "bert")).status_code == 200


async def test_an_unverified_account_reads_but_does_not_write(users: Users) -> None:
    author = await users.client(Role.AUTHOR, is_verified=False)

    assert (await author.get("/users/me")).status_code == 200
    assert (await author.get("/articles")).status_code == 200
    refused = await author.post("/articles", json={"title": "Too soon"})
    problem_in(refused, 403, "email_not_verified")


async def test_a_new_role_ends_the_access_of_the_old_one(users: Users) -> None:
    admin = await users.client(Role.ADMIN)
    user = await users.user(Role.READER)
    client = await users.client_for(user)
    assert (await client.post("/articles", json={"title": "Not yet"})).status_code == 403

    await admin.patch(f"/users/{user.id}", json={"role": "author"})

    problem_in(await client.get("/users/me"), 401, "invalid_token")
    again = await users.client_for(await reloaded(users, user))
    assert (await again.post("/articles", json={"title": "Now"})).status_code == 201


def claims(session_id: int, user: User, **changes: Any) -> dict[str, Any]:
    """What a good token says, but for the changes; one that is changed to `ABSENT` is not there."""
    now = datetime.now(UTC)
    good = {"sub": str(user.id), "sid": session_id, "iss": "colophon", "aud": AUDIENCE, "ver": 0}
    said = {**good, "iat": now, "exp": now + timedelta(hours=1), **changes}
    return {name: value for name, value in said.items() if value is not ABSENT}


def signed(session_id: int, user: User, **changes: Any) -> str:
    return jwt.encode(claims(session_id, user, **changes), SECRET, "HS256")


async def session_of(users: Users, user: User) -> int:
    """The id of a new session."""
    token = (await users.client_for(user)).headers["Authorization"].removeprefix("Bearer ")
    session_id: int = jwt.decode(token, options={"verify_signature": False})["sid"]
    return session_id


async def test_a_token_that_says_what_the_blog_would_say_is_good(app: FastAPI, users: Users, anna: User) -> None:
    """Without this the forged tokens below could be refused for a reason that is not theirs."""
    async with client_of(app, signed(await session_of(users, anna), anna)) as client:
        assert (await client.get("/users/me")).json()["username"] == "anna"


@pytest.mark.parametrize("path", ["/users/me", "/articles"])
async def test_a_forged_token_is_refused_even_where_anonymous_clients_may_read(
    app: FastAPI, users: Users, anna: User, path: str
) -> None:
    session_id = await session_of(users, anna)
    elsewhere = await session_of(users, await users.user())
    good = signed(session_id, anna)
    forged = {
        "of a session that is somebody else's": signed(elsewhere, anna),
        "of no session": signed(session_id, anna, sid=ABSENT),
        "of a session in words": signed(session_id, anna, sid=str(session_id)),
        "of a session that is not there": signed(session_id, anna, sid=2**62),
        "of a huge session": signed(session_id, anna, sid=2**63),
        "of a session that is true": signed(session_id, anna, sid=True),
        "of another issuer": signed(session_id, anna, iss="another"),
        "of no issuer": signed(session_id, anna, iss=ABSENT),
        "for no audience": signed(session_id, anna, aud=ABSENT),
        "without an end": signed(session_id, anna, exp=ABSENT),
        "without a beginning": signed(session_id, anna, iat=ABSENT),
        "from the future": signed(session_id, anna, iat=datetime.now(UTC) + timedelta(hours=1)),
        "for the second factor": signed(session_id, anna, aud="colophon:second-factor"),
        "expired": signed(session_id, anna, exp=datetime.now(UTC) - timedelta(seconds=1)),
        "unsigned": jwt.encode(claims(session_id, anna), "", "none"),
        "signed with another secret": jwt.encode(claims(session_id, anna), SECRET[::-1], "HS256"),
        "signed with another algorithm": jwt.encode(claims(session_id, anna), SECRET * 2, "HS512"),
        "for somebody else": signed(session_id, anna, aud=["fastapi-users:reset"]),
        "for nobody": signed(session_id, anna, aud=[]),
        "of another version": signed(session_id, anna, ver=1),
        "of a version in words": signed(session_id, anna, ver="0"),
        "without a version": signed(session_id, anna, ver=None),
        "of nobody": signed(session_id, anna, sub=str(anna.id + 1)),
        "of a huge account": signed(session_id, anna, sub=str(2**31)),
        "of a huger account": signed(session_id, anna, sub=str(2**63)),
        "of the hugest account": signed(session_id, anna, sub="9" * 5000),
        "of an account without digits": signed(session_id, anna, sub="anna"),
        "of a negative account": signed(session_id, anna, sub="-1"),
        "of an account with a NUL": signed(session_id, anna, sub="1\x00"),
        "without its last part": good.rpartition(".")[0],
        "with something else in its middle": ".".join([good.split(".")[0], "e30", good.split(".")[2]]),
        "garbage": "garbage",
        "empty parts": "..",
    }

    responses = {}
    for what, token in forged.items():
        async with client_of(app, token) as client:
            responses[what] = await client.get(path)

    assert {what: response.status_code for what, response in responses.items()} == dict.fromkeys(forged, 401)
    for response in responses.values():
        problem_in(response, 401, "invalid_token")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", [b"Bearer", b"Bearer \xff\xfe", b"Bearer " + "ü".encode(), b"Bearer " + b"a" * 10_000]
)
@pytest.mark.one_database
async def test_a_token_of_odd_bytes_is_refused(anonymous: httpx.AsyncClient, header: bytes) -> None:
    refused = await anonymous.get("/users/me", headers=[(b"Authorization", header)])

    problem_in(refused, 401, "invalid_token")


@pytest.mark.parametrize("header", ["Basic YW5uYTpv", "nonsense", ""])
@pytest.mark.one_database
async def test_whoever_shows_no_token_is_an_anonymous_client(anonymous: httpx.AsyncClient, header: str) -> None:
    refused = await anonymous.get("/users/me", headers={"Authorization": header})

    problem_in(refused, 401, "not_authenticated")
    assert refused.headers["WWW-Authenticate"] == "Bearer"


async def test_an_anonymous_client_cannot_log_out(anonymous: httpx.AsyncClient) -> None:
    problem_in(await anonymous.post("/auth/logout"), 401, "not_authenticated")


async def test_deactivation_ends_every_login_for_good(users: Users, anna: User) -> None:
    admin, client = await users.client(Role.ADMIN), await users.client_for(anna)

    await admin.patch(f"/users/{anna.id}", json={"is_active": False})
    problem_in(await client.get("/users/me"), 401, "invalid_token")

    await admin.patch(f"/users/{anna.id}", json={"is_active": True})
    problem_in(await client.get("/users/me"), 401, "invalid_token")


async def test_the_token_of_a_deleted_account_is_refused(users: Users, anna: User) -> None:
    admin, client = await users.client(Role.ADMIN), await users.client_for(anna)

    assert (await admin.delete(f"/users/{anna.id}")).status_code == 204

    problem_in(await client.get("/users/me"), 401, "invalid_token")
