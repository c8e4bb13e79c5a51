"""Logging in as users do, and travelling in time while logged in."""

from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from app.accounts.models import User
from tests.support.users import Users, client_of

PASSWORD = "four calm otters"


async def with_password(users: Users, **attributes: Any) -> User:
    """An account that `PASSWORD` logs in to."""
    hashed = await users.app.state.process.passwords.hash(PASSWORD)
    return await users.user(hashed_password=hashed, **attributes)


async def log_in(client: httpx.AsyncClient, login: str, password: str = PASSWORD, **fields: Any) -> httpx.Response:
    return await client.post("/auth/login", data={"username": login, "password": password, **fields})


@dataclass
class Device:
    """A client that keeps its tokens as an app does."""

    app: FastAPI
    client: httpx.AsyncClient
    refresh_token: str = ""

    async def log_in(self, login: str, password: str = PASSWORD) -> None:
        self.take(await log_in(self.client, login, password))

    def take(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.text
        tokens = response.json()
        self.refresh_token = tokens["refresh_token"]
        self.client.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    async def refresh(self, token: str | None = None) -> httpx.Response:
        return await self.client.post("/auth/refresh", json={"refresh_token": token or self.refresh_token})

    async def renew(self) -> None:
        self.take(await self.refresh())

    async def is_logged_in(self) -> bool:
        return (await self.client.get("/users/me")).status_code == 200


async def device_of(users: Users, login: str, name: str = "A browser") -> Device:
    """A device that has just logged in, with `name` as its user agent."""
    client = client_of(users.app)
    client.headers["User-Agent"] = name
    users.clients.append(client)
    device = Device(users.app, client)
    await device.log_in(login)
    return device
