"""What changes while a password is being checked, which takes a while."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.support.logins import PASSWORD, Device, device_of, log_in, with_password
from tests.support.problems import problem_in
from tests.support.second_factors import with_totp
from tests.support.users import Users

Login = Callable[[Callable[[], Awaitable[object]]], Awaitable[httpx.Response]]


@pytest.fixture
async def device(live_users: Users) -> Device:
    await with_password(live_users, username="anna")
    return await device_of(live_users, "anna")


@pytest.fixture
async def login_during(live_app: FastAPI, live_users: Users, device: Device, monkeypatch: pytest.MonkeyPatch) -> Login:
    """Logs in elsewhere; what it is given happens after the password was found right, and before the session begins."""
    assert device.refresh_token
    client = await live_users.client()
    passwords = live_app.state.process.passwords
    verify = passwords.verify

    async def run(change: Callable[[], Awaitable[object]]) -> httpx.Response:
        checked, changed = asyncio.Event(), asyncio.Event()

        async def slow(*arguments: object) -> object:
            response = await verify(*arguments)
            checked.set()
            await changed.wait()
            return response

        monkeypatch.setattr(passwords, "verify", slow)
        login = asyncio.create_task(log_in(client, "anna"))
        await checked.wait()
        monkeypatch.setattr(passwords, "verify", verify)
        await change()
        changed.set()
        return await login

    return run


async def test_a_login_begun_before_a_second_factor_needs_it(device: Device, login_during: Login) -> None:
    response = await login_during(lambda: with_totp(device.client))

    problem_in(response, 401, "second_factor_required")


async def test_a_login_begun_with_the_old_password_fails(device: Device, login_during: Login) -> None:
    change = {"current_password": PASSWORD, "new_password": "nine loud herons"}

    response = await login_during(lambda: device.client.put("/users/me/password", json=change))

    problem_in(response, 401, "invalid_credentials")


async def test_a_login_begun_before_deactivation_fails(live_users: Users, login_during: Login) -> None:
    admin = await live_users.client(Role.ADMIN)
    (anna,) = (await admin.get("/users", params={"q": "anna"})).json()["items"]

    response = await login_during(lambda: admin.patch(f"/users/{anna['id']}", json={"is_active": False}))

    problem_in(response, 401, "invalid_credentials")
