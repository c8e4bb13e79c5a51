"""A real replica: asked while it has everything, and never believed while it may not."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.chaos.blogs import BlogDatabase, log_in
from tests.chaos.conftest import programs_of_postgresql
from tests.chaos.load import API
from tests.chaos.node import Starter
from tests.chaos.postgresql import PostgresqlCluster

pytestmark = pytest.mark.chaos
READS = 20


@pytest.fixture
async def replica(cluster: PostgresqlCluster) -> AsyncIterator[PostgresqlCluster]:
    """Of the cluster as it is now: whoever wants a database to be there asks for it first."""
    replica = PostgresqlCluster(programs_of_postgresql())
    try:
        replica.copy(cluster)
        await replica.start()
        yield replica
    finally:
        await replica.remove()


class Blog:
    """One article that is changed, and read anonymously."""

    def __init__(self, writer: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
        self._writer = writer
        self._reader = anonymous
        self._version = 0

    async def change(self) -> None:
        self._version += 1
        if self._version == 1:
            article = {"title": "Replicated", "slug": "replicated", "excerpt": "1", "status": "published"}
            response = await self._writer.post("/articles", json=article)
        else:
            response = await self._writer.patch("/articles/replicated", json={"excerpt": f"{self._version}"})
        assert response.is_success, response.text

    async def is_current(self) -> None:
        """Assert that anonymous readers get what has been acknowledged, however often they ask."""
        for _ in range(READS):
            article = (await self._reader.get("/articles/replicated")).json()
            assert article["excerpt"] == f"{self._version}"


async def asks(blog: Blog, replica: PostgresqlCluster, database: str) -> bool:
    """Whether anonymous reads reach the replica."""
    since = (await replica.fetch("SELECT clock_timestamp() AS at"))[0]["at"]
    await blog.is_current()
    found = await replica.fetch(
        f"SELECT max(query_start) AS at FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE '%articles%'"  # noqa: S608
    )
    return found[0]["at"] is not None and found[0]["at"] > since


async def comes_to_ask(blog: Blog, replica: PostgresqlCluster, database: str) -> None:
    async with asyncio.timeout(20):
        while not await asks(blog, replica, database):  # noqa: ASYNC110 - nobody is told of it but those who ask
            await asyncio.sleep(0.05)


async def test_anonymous_clients_read_from_the_replica_and_nothing_that_is_old(
    postgresql_database: BlogDatabase, replica: PostgresqlCluster, start: Starter
) -> None:
    name = postgresql_database.name
    address = replica.address.removesuffix("/postgres") + f"/{name}"
    node = await start(postgresql_database.url, {"DATABASE_REPLICA_URL": address, "CACHE_BYTES": "0"})
    headers = {"Authorization": f"Bearer {await log_in(node.url)}"}
    async with (
        httpx.AsyncClient(base_url=node.url + API, headers=headers, timeout=15) as writer,
        httpx.AsyncClient(base_url=node.url + API, timeout=15) as anonymous,
    ):
        blog = Blog(writer, anonymous)
        await blog.change()
        await comes_to_ask(blog, replica, name)

        # It goes on answering, with what is old.
        await replica.execute("SELECT pg_wal_replay_pause()")
        for _ in range(3):
            await blog.change()
            await blog.is_current()
        assert not await asks(blog, replica, name)

        await replica.execute("SELECT pg_wal_replay_resume()")
        await comes_to_ask(blog, replica, name)

        await replica.kill()
        await blog.is_current()
        await blog.change()
        await blog.is_current()
