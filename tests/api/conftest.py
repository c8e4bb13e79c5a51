"""People whom many tests need one of."""

import httpx
import pytest

from app.core.roles import Role
from tests.support.users import Users


@pytest.fixture
async def reader(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.READER)


@pytest.fixture
async def author(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.AUTHOR)


@pytest.fixture
async def editor(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.EDITOR)
