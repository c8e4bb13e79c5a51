"""Sessions: kept alive with refresh tokens, looked at, and ended at once."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import LoginSession, RefreshToken, User
from app.accounts.services.sessions import GRACE
from app.audit.models import AuditEvent
from app.core.roles import Role
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.mails import mails_waiting
from tests.support.problems import problem_in
from tests.support.statements import recorded_statements
from tests.support.users import Users

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


async def sessions_of(device: Device) -> list[dict[str, object]]:
    response = await device.client.get("/auth/sessions")
    assert response.status_code == 200, response.text
    found: list[dict[str, object]] = response.json()
    return found


# --- Refreshing ------------------------------------------------------------------------------------------------


async def test_a_login_gives_a_short_access_token_and_a_refresh_token(users: Users, anna: User) -> None:
    response = await log_in(await users.client(), anna.username)

    tokens = response.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    assert tokens["refresh_token"].startswith("clr_")
    assert "set-cookie" not in response.headers


async def test_a_refresh_token_is_stored_as_a_digest_only(session: AsyncSession, device: Device) -> None:
    (stored,) = await session.scalars(select(RefreshToken.digest))

    assert len(stored) == 64
    assert device.refresh_token not in stored


async def test_an_expired_access_token_is_replaced_with_the_refresh_token(
    clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    device = await device_of(users, anna.username)
    clock.shift(timedelta(minutes=16))
    assert not await device.is_logged_in()

    await device.renew()

    assert await device.is_logged_in()


async def test_a_session_that_is_used_lasts_as_long_as_it_is_said_to(
    clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    device = await device_of(users, anna.username)
    for _ in range(29):
        clock.shift(timedelta(days=1))
        await device.renew()

    clock.shift(timedelta(days=1))

    problem_in(await device.refresh(), 401, "invalid_refresh_token")


async def test_a_used_refresh_token_ends_the_session_and_its_owner_is_told(
    app: FastAPI, session: AsyncSession, clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    device, other = await device_of(users, anna.username), await device_of(users, anna.username)
    stolen = device.refresh_token
    await device.renew()
    clock.shift(GRACE + timedelta(seconds=1))

    problem_in(await device.refresh(stolen), 401, "refresh_token_reused")

    assert not await device.is_logged_in()
    problem_in(await device.refresh(), 401, "invalid_refresh_token")
    assert await other.is_logged_in()
    (mail,) = await mails_waiting(app)
    assert (mail.recipient, "token that had been used before" in mail.text) == ("anna@example.com", True)
    assert "session.token_reused" in await session.scalars(select(AuditEvent.action))


async def test_the_thief_who_is_quick_is_found_out_as_well(
    clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    """Within the grace both get a token; the first of the two that is used makes the other a used one."""
    device = await device_of(users, anna.username)
    stolen = device.refresh_token
    await device.renew()
    thiefs = (await device.refresh(stolen)).json()["refresh_token"]
    clock.shift(timedelta(minutes=10))
    await device.renew()
    clock.shift(timedelta(minutes=10))

    problem_in(await device.refresh(thiefs), 401, "refresh_token_reused")

    problem_in(await device.refresh(), 401, "invalid_refresh_token")


async def test_a_retry_within_the_grace_is_answered(clock: time_machine.Traveller, users: Users, anna: User) -> None:
    device = await device_of(users, anna.username)
    first = device.refresh_token
    await device.refresh(first)
    clock.shift(GRACE)

    device.take(await device.refresh(first))

    assert await device.is_logged_in()


async def test_two_tabs_may_refresh_at_the_same_moment(live_users: Users) -> None:
    await with_password(live_users, username="anna")
    device = await device_of(live_users, "anna")

    responses = await asyncio.gather(*(device.refresh() for _ in range(5)))

    assert [response.status_code for response in responses] == 5 * [200]
    assert len({response.json()["refresh_token"] for response in responses}) == 5
    device.take(responses[0])
    assert await device.is_logged_in()


@pytest.mark.parametrize("token", ["", "clr_", "garbage", "clr_" + "x" * 43, "ü" * 40])
@pytest.mark.one_database
async def test_a_refresh_token_that_was_never_given_out_ends_nothing(device: Device, token: str) -> None:
    response = await device.client.post("/auth/refresh", json={"refresh_token": token})

    problem_in(response, 401, "invalid_refresh_token")
    assert await device.is_logged_in()


async def test_neither_token_serves_as_the_other(device: Device) -> None:
    access_token = device.client.headers["Authorization"].removeprefix("Bearer ")
    problem_in(await device.refresh(access_token), 401, "invalid_refresh_token")

    device.client.headers["Authorization"] = f"Bearer {device.refresh_token}"
    problem_in(await device.client.get("/users/me"), 401, "invalid_token")


async def test_a_login_never_continues_a_session_that_was_there(users: Users, anna: User) -> None:
    """Session fixation: whatever the client brings along, it gets a session of its own."""
    attacker = await device_of(users, anna.username)
    victim = await users.client()
    victim.headers["Authorization"] = attacker.client.headers["Authorization"]
    victim.cookies.set("colophon_refresh", attacker.refresh_token)

    tokens = (await log_in(victim, anna.username)).json()

    assert tokens["refresh_token"] != attacker.refresh_token
    assert len(await sessions_of(attacker)) == 2


# --- Looking ---------------------------------------------------------------------------------------------------


async def test_people_see_where_they_are_logged_in(users: Users, anna: User) -> None:
    phone = await device_of(users, anna.username, "A phone")
    laptop = await device_of(users, anna.username, "A laptop")
    await device_of(users, (await with_password(users, username="bert")).username)

    found = await sessions_of(phone)

    assert [(login["user_agent"], login["is_current"]) for login in found] == [("A laptop", False), ("A phone", True)]
    assert all(str(login["ip_address"]).startswith("10.") for login in found)
    assert "token" not in str(found)
    assert len(await sessions_of(laptop)) == 2


async def test_a_session_shows_when_and_from_where_it_was_last_used(
    clock: time_machine.Traveller, users: Users, anna: User
) -> None:
    device = await device_of(users, anna.username)
    clock.shift(timedelta(hours=1))
    device.client.headers["User-Agent"] = "The same browser, updated"

    await device.renew()

    (login,) = await sessions_of(device)
    assert login["user_agent"] == "The same browser, updated"
    assert login["created_at"] == "2026-03-01T12:00:00Z"
    assert login["last_used_at"] == "2026-03-01T13:00:00Z"


# --- Ending ----------------------------------------------------------------------------------------------------


async def test_logging_out_ends_this_session_at_once_and_no_other(users: Users, anna: User) -> None:
    here, elsewhere = await device_of(users, anna.username), await device_of(users, anna.username)

    assert (await here.client.post("/auth/logout")).status_code == 204

    assert not await here.is_logged_in()
    problem_in(await here.refresh(), 401, "invalid_refresh_token")
    assert await elsewhere.is_logged_in()
    await elsewhere.renew()


async def test_logging_out_everywhere_ends_every_session_at_once(users: Users, anna: User) -> None:
    devices = [await device_of(users, anna.username) for _ in range(3)]
    bystander = await users.client(Role.READER)

    assert (await devices[0].client.post("/auth/logout-all")).status_code == 204

    for device in devices:
        assert not await device.is_logged_in()
        problem_in(await device.refresh(), 401, "invalid_refresh_token")
    assert (await bystander.get("/users/me")).status_code == 200


async def test_a_session_elsewhere_can_be_ended(users: Users, anna: User) -> None:
    here, lost = await device_of(users, anna.username), await device_of(users, anna.username, "A lost phone")
    (session_id,) = [login["id"] for login in await sessions_of(here) if not login["is_current"]]

    assert (await here.client.delete(f"/auth/sessions/{session_id}")).status_code == 204

    assert not await lost.is_logged_in()
    assert await here.is_logged_in()


async def test_nobody_ends_somebody_elses_session(users: Users, device: Device) -> None:
    bert = await device_of(users, (await with_password(users, username="bert")).username)
    (login,) = await sessions_of(device)

    problem_in(await bert.client.delete(f"/auth/sessions/{login['id']}"), 404, "session_not_found")

    assert await device.is_logged_in()


async def test_a_new_password_ends_every_session(device: Device) -> None:
    changed = await device.client.put(
        "/users/me/password", json={"current_password": PASSWORD, "new_password": "nine loud herons"}
    )

    assert changed.status_code == 204, changed.text
    assert not await device.is_logged_in()
    problem_in(await device.refresh(), 401, "invalid_refresh_token")


async def test_deactivation_ends_every_session_for_good(users: Users, anna: User, device: Device) -> None:
    admin = await users.client(Role.ADMIN)

    await admin.patch(f"/users/{anna.id}", json={"is_active": False})
    problem_in(await device.refresh(), 401, "invalid_refresh_token")
    await admin.patch(f"/users/{anna.id}", json={"is_active": True})

    problem_in(await device.refresh(), 401, "invalid_refresh_token")


async def test_a_new_role_ends_the_access_token_and_leaves_the_session(
    users: Users, anna: User, device: Device
) -> None:
    admin = await users.client(Role.ADMIN)

    await admin.patch(f"/users/{anna.id}", json={"role": "author"})

    assert not await device.is_logged_in()
    await device.renew()
    assert (await device.client.get("/users/me")).json()["role"] == "author"


async def test_knowing_who_asks_takes_one_query(app: FastAPI, device: Device) -> None:
    with recorded_statements(app.state.database) as statements:
        await device.client.get("/users/me")

    assert len(statements) == 1, statements


async def test_what_may_be_done_is_known_without_another_query(app: FastAPI, users: Users, anna: User) -> None:
    device, anonymous = await device_of(users, anna.username), await users.client()
    with recorded_statements(app.state.database) as as_anonymous:
        await anonymous.get("/articles")
    with recorded_statements(app.state.database) as as_somebody:
        await device.client.get("/articles")

    assert len(as_somebody) == len(as_anonymous) + 1


async def test_ended_sessions_leave_no_row(session: AsyncSession, device: Device) -> None:
    await device.client.post("/auth/logout")

    assert (await session.scalars(select(LoginSession))).all() == []
    assert (await session.scalars(select(RefreshToken))).all() == []


# --- The cookie ------------------------------------------------------------------------------------------------

OWN = {"Origin": "https://blog.example.com"}


@pytest.fixture
def cookie_app(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.setattr(app.state.settings, "auth_cookie", "strict")
    return app


@pytest.fixture
async def browser(cookie_app: FastAPI, users: Users, anna: User) -> httpx.AsyncClient:
    """A browser that has logged in with the cookie."""
    assert cookie_app is users.app
    client = await users.client()
    client.base_url = httpx.URL("https://blog.example.com/api/v1")
    response = await client.post(
        "/auth/login", data={"username": anna.username, "password": PASSWORD, "use_cookie": "true"}, headers=OWN
    )
    assert response.status_code == 200, response.text
    assert response.json()["refresh_token"] is None
    header = response.headers["Set-Cookie"]
    assert header.startswith("colophon_refresh=clr_")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/api/v1/auth"} <= set(header.split("; "))
    return client


async def test_a_browser_refreshes_with_its_cookie(browser: httpx.AsyncClient) -> None:
    first = browser.cookies["colophon_refresh"]

    response = await browser.post("/auth/refresh", json={}, headers=OWN)

    assert response.status_code == 200, response.text
    assert response.json()["refresh_token"] is None
    assert browser.cookies["colophon_refresh"] != first
    me = await browser.get("/users/me", headers={"Authorization": f"Bearer {response.json()['access_token']}"})
    assert me.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://blog.example.com", None])
@pytest.mark.one_database
async def test_no_other_sites_page_may_use_the_cookie(browser: httpx.AsyncClient, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}

    problem_in(await browser.post("/auth/refresh", json={}, headers=headers), 403, "origin_not_allowed")

    # The token has not been used up by that.
    assert (await browser.post("/auth/refresh", json={}, headers=OWN)).status_code == 200


async def test_no_other_sites_page_may_log_its_visitor_in(
    cookie_app: FastAPI, anonymous: httpx.AsyncClient, anna: User, session: AsyncSession
) -> None:
    assert cookie_app.state.settings.auth_cookie == "strict"
    form = {"username": anna.username, "password": PASSWORD, "use_cookie": "true"}

    response = await anonymous.post("/auth/login", data=form, headers={"Origin": "https://evil.example.com"})

    problem_in(response, 403, "origin_not_allowed")
    assert "Set-Cookie" not in response.headers
    assert (await session.scalars(select(LoginSession))).all() == []


async def test_the_cookie_alone_does_nothing_but_refresh(browser: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/users/me"), ("POST", "/auth/logout"), ("POST", "/auth/logout-all")):
        problem_in(await browser.request(method, path, headers=OWN), 401, "not_authenticated")


async def test_logging_out_takes_the_cookie_away(browser: httpx.AsyncClient) -> None:
    token = (await browser.post("/auth/refresh", json={}, headers=OWN)).json()["access_token"]

    await browser.post("/auth/logout", headers={**OWN, "Authorization": f"Bearer {token}"})

    assert "colophon_refresh" not in browser.cookies


async def test_without_the_setting_there_is_no_cookie(users: Users, anna: User) -> None:
    client = await users.client()
    form = {"username": anna.username, "password": PASSWORD, "use_cookie": "true"}

    response = await client.post("/auth/login", data=form)
    assert "Set-Cookie" not in response.headers
    client.cookies.set("colophon_refresh", response.json()["refresh_token"])

    problem_in(await client.post("/auth/refresh", json={}, headers=OWN), 401, "invalid_refresh_token")
