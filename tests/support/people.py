"""Accounts for tests, and clients that are logged in as them."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from fastapi import FastAPI

from app.core.passwords import UNUSABLE
from app.core.roles import Role
from app.db.models import User
from app.services.user_manager import AccessTokens

API = "http://blog.example.com/api/v1"
_numbers = count(1)


def client_of(app: FastAPI, token: str | None = None) -> httpx.AsyncClient:
    """A client of the app; like a real one it gets a 500 where the app fails."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=transport, base_url=API, headers=headers)


@dataclass
class People:
    """Makes accounts without going through registration, which has its own tests."""

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
        client = client_of(self.app, await AccessTokens(self.app.state.settings).write_token(user))
        self.clients.append(client)
        return client

    async def client(self, role: Role | None = None, **attributes: Any) -> httpx.AsyncClient:
        """A client that is logged in as a new account of this role, or a stranger's."""
        if role is None:
            client = client_of(self.app)
            self.clients.append(client)
            return client
        return await self.client_for(await self.user(role, **attributes))
