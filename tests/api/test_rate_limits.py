"""How often things may be done, by one address and for one account."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import httpx
import pytest
import time_machine
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.support.logins import PASSWORD, log_in, with_password
from tests.support.mails import mailed_token, mails_waiting
from tests.support.problems import problem_in
from tests.support.users import Users, client_of
from tests.support.writing import comment, publish

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
async def anna(users: Users) -> User:
    return await with_password(users, username="anna")


async def statuses(users: Users, login: str, password: str, times: int) -> list[int]:
    """Of logins from as many addresses."""
    return [(await log_in(await users.client(), login, password)).status_code for _ in range(times)]


# --- Guessing passwords ----------------------------------------------------------------------------------------


async def test_guessing_from_many_addresses_slows_down_and_is_locked_out_for_minutes(
    clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    wrong = "four wild otters"
    for _ in range(3):
        assert await statuses(users, anna.username, wrong, 6) == [401] * 5 + [429]
        clock.shift(timedelta(seconds=61))

    refused = await log_in(await users.client(), anna.username)

    assert "login-failures" in refused.headers["RateLimit"]
    problem_in(refused, 429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    clock.shift(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert await statuses(users, anna.username, PASSWORD, 1) == [200]


async def test_hammering_does_not_lock_for_longer(clock: time_machine.Traveller, users: Users, anna: User) -> None:
    await statuses(users, anna.username, "four wild otters", 5)
    for _ in range(7):
        assert await statuses(users, anna.username, "four wild otters", 3) == [429] * 3
        clock.shift(timedelta(seconds=8))
    clock.shift(timedelta(seconds=5))

    assert await statuses(users, anna.username, PASSWORD, 1) == [200]


async def test_a_right_password_makes_up_for_the_wrong_ones_before(users: Users, anna: User) -> None:
    for _ in range(3):
        assert await statuses(users, anna.username, "four wild otters", 4) == [401] * 4
        assert await statuses(users, anna.username, PASSWORD, 1) == [200]


async def test_a_reset_unlocks(app: FastAPI, users: Users, anonymous: httpx.AsyncClient, anna: User) -> None:
    assert await statuses(users, anna.contact_email, "four wild otters", 6) == [401] * 5 + [429]
    await anonymous.post("/auth/forgot-password", json={"email": anna.email})
    reset = {"token": await mailed_token(app), "password": "nine loud herons"}

    assert (await anonymous.post("/auth/reset-password", json=reset)).status_code == 204

    assert await statuses(users, anna.contact_email, "nine loud herons", 1) == [200]


async def test_one_address_cannot_try_one_password_on_many_accounts(anonymous: httpx.AsyncClient) -> None:
    responses = [(await log_in(anonymous, f"somebody-{number}")).status_code for number in range(31)]

    assert responses == [401] * 30 + [429]


async def test_the_current_password_cannot_be_guessed_in_a_stolen_session(users: Users, anna: User) -> None:
    thief = await users.client_for(anna)
    wrong = {"current_password": "four wild otters", "new_password": "nine loud herons"}

    responses = [(await thief.put("/users/me/password", json=wrong)).status_code for _ in range(6)]

    assert responses == [403] * 5 + [429]


# --- The rest --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/auth/forgot-password", "/auth/request-verify-token"])
async def test_nobodys_mailbox_is_flooded(app: FastAPI, users: Users, anna: User, path: str) -> None:
    await users.user(username="bert", is_verified=False, email="b@example.com")
    responses = [
        (await (await users.client()).post(path, json={"email": email})).status_code
        for email in ("anna@example.com", "b@example.com")
        for _ in range(6)
    ]

    assert responses == 2 * ([202] * 5 + [429])
    assert max(len([mail for mail in await mails_waiting(app) if mail.recipient == anna.email]), 5) == 5


async def test_one_address_registers_only_so_many(anonymous: httpx.AsyncClient) -> None:
    responses = [
        await anonymous.post(
            "/auth/register", json={"email": f"n{number}@example.com", "username": f"n-{number}", "password": PASSWORD}
        )
        for number in range(21)
    ]

    assert [response.status_code for response in responses] == [202] * 20 + [429]


async def test_tokens_cannot_be_tried_for_ever(anonymous: httpx.AsyncClient) -> None:
    responses = [(await anonymous.post("/auth/verify", json={"token": "x"})).status_code for _ in range(61)]

    assert responses == [403] * 60 + [429]


async def test_an_account_comments_only_so_often(users: Users, clock: time_machine.Traveller) -> None:
    author, reader = await users.client(Role.AUTHOR), await users.client(Role.READER)
    slug = (await publish(author))["slug"]
    for _ in range(10):
        await comment(reader, slug)

    refused = await reader.post(f"/articles/{slug}/comments", json={"body_markdown": "Well"})

    problem_in(refused, 429, "too_many_requests")
    await comment(author, slug)
    clock.shift(timedelta(minutes=1))
    await comment(reader, slug)


async def test_answers_say_what_is_left(users: Users, anna: User) -> None:
    response = await log_in(await users.client(), anna.username)

    assert response.headers["RateLimit-Policy"] == '"login";q=30;w=60'
    assert response.headers["RateLimit"].startswith('"login";r=29;')


async def test_changes_are_limited_by_account(users: Users) -> None:
    hasty, other = await users.client(Role.READER), await users.client(Role.READER)

    statuses = [(await hasty.delete("/users/me/email")).status_code for _ in range(61)]

    assert statuses == [204] * 60 + [429]
    refused = await hasty.patch("/users/me", json={"bio": "Quick"})
    problem_in(refused, 429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) <= 60
    assert (await hasty.get("/users/me")).status_code == 200
    allowed = await other.patch("/users/me", json={"bio": "Calm"})
    assert allowed.status_code == 200
    assert allowed.headers["RateLimit-Policy"] == '"account-changes";q=60;w=60'


async def test_limits_can_be_switched_off(live_users: Users) -> None:
    client = await live_users.client()

    responses = {(await client.post("/auth/verify", json={"token": "x"})).status_code for _ in range(61)}

    assert responses == {403}


# --- Whose address it is ---------------------------------------------------------------------------------------


async def tries(app: FastAPI, forwarded: list[str]) -> list[int]:
    """Tokens tried through one proxy for clients that it names."""
    async with client_of(app) as client:
        return [
            (await client.post("/auth/verify", json={"token": "x"}, headers={"X-Forwarded-For": address})).status_code
            for address in forwarded
        ]


async def test_a_made_up_address_does_not_help(app: FastAPI) -> None:
    assert await tries(app, [f"203.0.113.{number}" for number in range(61)]) == [403] * 60 + [429]


async def test_a_trusted_proxy_says_whose_address_it_is(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.state.settings, "trusted_proxies", [ip_network("10.0.0.0/8")])

    assert await tries(app, [f"203.0.113.{number % 2}" for number in range(120)]) == [403] * 120
    assert await tries(app, ["1.2.3.4, 203.0.113.0"]) == [429]


@pytest.mark.parametrize(
    ("trusted_header", "believed", "made_up"),
    [
        ("x-forwarded-for", {"X-Forwarded-For": "203.0.113.{}:4{}"}, {"Forwarded": "for=198.51.100.{}"}),
        ("forwarded", {"Forwarded": "for=203.0.113.{};by=_me"}, {"X-Forwarded-For": "198.51.100.{}"}),
        ("forwarded", {"Forwarded": 'for="[2001:db8:{}::1]:443"'}, {"X-Real-IP": "198.51.100.{}"}),
    ],
)
async def test_only_the_header_that_the_proxy_sets_is_believed(
    app: FastAPI,
    monkeypatch: pytest.MonkeyPatch,
    trusted_header: str,
    believed: dict[str, str],
    made_up: dict[str, str],
) -> None:
    monkeypatch.setattr(app.state.settings, "trusted_proxies", [ip_network("10.0.0.0/8")])
    monkeypatch.setattr(app.state.settings, "forwarded_header", trusted_header)

    async with client_of(app) as client:

        async def status(client_number: int, lie: int) -> int:
            headers = {name: value.format(client_number, client_number) for name, value in believed.items()}
            headers |= {name: value.format(lie) for name, value in made_up.items()}
            return (await client.post("/auth/verify", json={"token": "x"}, headers=headers)).status_code

        assert [await status(1, lie) for lie in range(61)] == [403] * 60 + [429]
        assert await status(2, 1) == 403
