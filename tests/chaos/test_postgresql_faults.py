"""What can happen to PostgreSQL. One server of the blog goes through all of it and is never started again."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.chaos.blogs import BlogDatabase, postgresql_copy
from tests.chaos.conftest import TEMPLATE
from tests.chaos.node import Node, Starter
from tests.chaos.postgresql import PostgresqlCluster
from tests.chaos.scenario import scenario

pytestmark = pytest.mark.chaos
STATEMENT_SECONDS = 1
# How long anybody may wait for an answer while the database hangs: for a connection or two, and for a statement.
BOUND_SECONDS = 8


@pytest.fixture(scope="module")
async def database(cluster: PostgresqlCluster) -> BlogDatabase:
    return await postgresql_copy(cluster, TEMPLATE)


@pytest.fixture(scope="module")
async def node(database: BlogDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Node]:
    starter = Starter(tmp_path_factory.mktemp("nodes"))
    bounds = {"DATABASE_STATEMENT_TIMEOUT": str(STATEMENT_SECONDS), "DATABASE_POOL_TIMEOUT": "1"}
    yield await starter(database.url, bounds, workers=2)
    starter.kill_all()


async def readiness(node: Node) -> tuple[int, float]:
    """The status, and how long it took."""
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=node.url) as client:
        response = await client.get("/health/ready")
    return response.status_code, time.monotonic() - began


async def test_stopped_and_started(database: BlogDatabase, node: Node, cluster: PostgresqlCluster) -> None:
    async with scenario("PostgreSQL stopped for 1.5 s", database, node) as running:
        await cluster.stop()
        running.begins()
        await asyncio.sleep(0.7)
        assert (await readiness(node))[0] == 503
        await asyncio.sleep(0.7)
        await cluster.start()
        running.is_over()
        await running.recovers(within=5)
    figures = await running.judge()

    assert figures.unavailable > 10
    assert figures.unanswered == 0
    assert figures.slowest < BOUND_SECONDS
    assert (await readiness(node))[0] == 200


async def test_killed(database: BlogDatabase, node: Node, cluster: PostgresqlCluster) -> None:
    async with scenario("PostgreSQL kill -9, started again", database, node) as running:
        running.begins()
        await cluster.kill()
        await asyncio.sleep(0.3)
        await cluster.start()
        running.is_over()
        await running.recovers(within=5)
    figures = await running.judge()

    assert figures.unavailable > 0
    assert figures.unanswered == 0
    assert figures.slowest < BOUND_SECONDS


async def test_hanging(database: BlogDatabase, node: Node, cluster: PostgresqlCluster) -> None:
    async with scenario("PostgreSQL hangs for 4 s", database, node) as running:
        running.begins()
        cluster.freeze()
        try:
            await asyncio.sleep(2)
            status, seconds = await readiness(node)
            await asyncio.sleep(2)
        finally:
            cluster.thaw()
        running.is_over()
        await running.recovers(within=6)
    figures = await running.judge()

    assert status == 503
    assert seconds < 2
    assert figures.unavailable > 0
    assert figures.unanswered == 0
    assert figures.slowest < BOUND_SECONDS


async def test_connections_ended_again_and_again(
    database: BlogDatabase, node: Node, cluster: PostgresqlCluster
) -> None:
    ended = 0
    async with scenario("pg_terminate_backend on all, 6 times", database, node) as running:
        running.begins()
        for _ in range(6):
            ended += await cluster.end_connections(database.name)
            await asyncio.sleep(0.25)
        running.is_over()
        await running.recovers(within=2)
    figures = await running.judge()

    assert ended > 12
    assert figures.unanswered == 0
    # Those whose statement was under way, and hardly any others.
    assert figures.unavailable <= ended
