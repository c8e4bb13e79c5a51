"""Accounts for tests, and clients that are logged in as them."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from app.accounts.models import LoginSession, User
from app.accounts.user_manager import AccessTokens
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role

API = "http://blog.example.com/api/v1"
_numbers = count(1)


def client_of(app: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    """A client of the app; like a real one it gets a 500 when the app fails."""
    # Each from an address of its own: what is limited by address is not what most tests are about.
    number = next(_numbers)
    address = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 50_000)
    transport = httpx.ASGITransport(app.state.response_cache, raise_app_exceptions=False, client=address)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=transport, base_url=API, headers=headers)


@dataclass
class Users:
    """Creates accounts without going through registration, which has its own tests."""

    app: FastAPI
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def user(self, role: Role = Role.READER, **attributes: Any) -> User:
        """An account that can do what its role allows; `attributes` are columns."""
        name = attributes.pop("username", f"{role}{next(_numbers)}")
        values: dict[str, Any] = {
            "email": f"{name}@example.com",
            "username": name,
            "display_name": name.title(),
            "role": role,
            "hashed_password": UNUSABLE,
            "is_verified": True,
        }
        user = User(**{**values, **attributes})
        async with self.app.state.database.writing() as session:
            session.add(user)
            await session.commit()
        return user

    async def client_for(self, user: User) -> httpx.AsyncClient:
        """A client that is logged in as this account."""
        now = clock.now()
        login = LoginSession(user_id=user.id, user_agent="", ip_address="", expires_at=now + timedelta(days=1))
        async with self.app.state.database.writing() as session:
            session.add(login)
            await session.commit()
        client = client_of(self.app, await AccessTokens(self.app.state.settings).write_token(user, login.id))
        self.clients.append(client)
        return client

    async def client(self, role: Role | None = None, **attributes: Any) -> httpx.AsyncClient:
        """A client that is logged in as a new account with this role, or an anonymous reader's."""
        if role is None:
            client = client_of(self.app)
            self.clients.append(client)
            return client
        return await self.client_for(await self.user(role, **attributes))
