"""Databases in which those who write take turns."""

from collections.abc import AsyncIterator

import pytest

from app.db.session import Database, PoolLimits, open_database
from tests.support.databases import Template


@pytest.fixture
async def url(template: Template) -> AsyncIterator[str]:
    if not template.is_sqlite:
        pytest.skip("writers wait for each other on SQLite only")
    async with template.copy() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = open_database(url, PoolLimits(connections=2, queue_seconds=0.2))
    yield database
    await database.dispose()
