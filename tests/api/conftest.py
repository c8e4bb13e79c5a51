"""People whom many tests need one of."""

import httpx
import pytest

from app.core.roles import Role
from tests.support.people import People


@pytest.fixture
async def reader(people: People) -> httpx.AsyncClient:
    return await people.client(Role.READER)


@pytest.fixture
async def author(people: People) -> httpx.AsyncClient:
    return await people.client(Role.AUTHOR)


@pytest.fixture
async def editor(people: People) -> httpx.AsyncClient:
    return await people.client(Role.EDITOR)
