"""The server is told to stop while people use it."""

import asyncio
import signal
import time

import httpx
import pytest

from tests.chaos.blogs import BlogDatabase
from tests.chaos.load import API
from tests.chaos.node import Node, Starter
from tests.chaos.scenario import scenario

pytestmark = pytest.mark.chaos
# Takes about a second to render.
LONG_TEXT = "A *paragraph* with a [link](https://example.com) and `code`, again and again.\n\n" * 3000


@pytest.mark.parametrize(("database", "workers"), [("sqlite", 1), ("postgresql", 2)], indirect=["database"])
async def test_requests_under_way_are_answered(database: BlogDatabase, start: Starter, workers: int) -> None:
    node = await start(database.url, workers=workers)

    async with scenario(f"SIGTERM, {workers} worker{'s' * (workers > 1)}", database, node) as running:
        slow = asyncio.create_task(_write_long_article(node, running.load.token))
        await asyncio.sleep(0.3)
        assert not slow.done()
        running.begins()
        told = time.monotonic()
        node.signal(signal.SIGTERM)
        assert await slow == 201
        assert await node.exit_code() == 0
        stopped = time.monotonic() - told
    under_way = [
        response for response in running.load.responses if response.sent < told - 0.05 and response.received > told
    ]
    broken = [response for response in running.load.responses if response.sent < told - 0.05 and response.is_failure]
    await node.start()
    figures = await running.judge()

    assert broken == []
    assert figures.unavailable == 0
    assert "Traceback" not in node.log
    assert stopped < 10, under_way


async def test_who_looks_at_the_readiness_notices_nothing(postgresql_database: BlogDatabase, start: Starter) -> None:
    node = await start(postgresql_database.url, {"DRAIN_SECONDS": "2"}, workers=2)

    async with scenario("SIGTERM behind a load balancer", postgresql_database, node) as running:
        running.begins()
        node.signal(signal.SIGTERM)
        await _says_that_it_is_not_ready(node)
        await running.goes_on(0.3)
    # Nobody sends anything any more.
    assert await node.exit_code() == 0
    await node.start()
    figures = await running.judge()

    assert figures.unavailable == 0
    assert figures.unanswered == 0


async def _write_long_article(node: Node, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=node.url + API, headers=headers, timeout=20) as client:
        data = {"title": "A long one", "body_markdown": LONG_TEXT}
        return (await client.post("/articles", json=data)).status_code


async def _says_that_it_is_not_ready(node: Node) -> None:
    deadline = time.monotonic() + 2
    async with httpx.AsyncClient(base_url=node.url) as client:
        while (await client.get("/health/ready")).status_code != 503:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
