"""Articles are published at their time, once, whatever becomes of the servers meanwhile."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.chaos.blogs import BlogDatabase, log_in
from tests.chaos.load import API
from tests.chaos.node import Node, Starter

pytestmark = pytest.mark.chaos
MODULE = "tests.chaos.hanging_publisher"
ARTICLE = f"{API}/articles/later"
# It takes a second until the lease ends, and another until that is noticed.
WITHIN_SECONDS = 6


async def schedule(node: Node, seconds: float) -> None:
    """An article that is published in so many seconds."""
    headers = {"Authorization": f"Bearer {await log_in(node.url, 'ann')}"}
    async with httpx.AsyncClient(base_url=node.url + API, headers=headers, timeout=15) as client:
        assert (await client.post("/articles", json={"title": "Later"})).status_code == 201
        at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        response = await client.put("/articles/later/publication", json={"publish_at": at})
        assert response.status_code == 200, response.text


async def until_published(node: Node, within: float) -> float:
    """How long it takes."""
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=node.url, timeout=15) as client:
        while (await client.get(ARTICLE)).status_code != 200:
            assert time.monotonic() - began < within, node.log[-3000:]
            await asyncio.sleep(0.02)
    return time.monotonic() - began


async def until_there(file: Path) -> None:
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text(encoding="utf-8")):  # noqa: ASYNC240
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def first_answer(node: Node) -> int:
    """The status of the article, in the first answer that a server gives."""
    deadline = time.monotonic() + 30
    async with httpx.AsyncClient(base_url=node.url, timeout=30) as client:
        while True:
            try:
                return (await client.get(ARTICLE)).status_code
            except httpx.TransportError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.01)


async def publications(database: BlogDatabase) -> int:
    return int((await database.fetch("SELECT count(*) FROM revisions WHERE reason = 'publish'"))[0][0])


async def test_another_server_goes_on_when_one_dies_in_the_middle(
    postgresql_database: BlogDatabase, start: Starter, tmp_path: Path
) -> None:
    file = tmp_path / "hangs"
    nodes = await asyncio.gather(
        *(start(postgresql_database.url, {"HANGS": str(file)}, module=MODULE) for _ in range(2))
    )
    await schedule(nodes[0], 1)
    await until_there(file)
    dying = next(node for node in nodes if node.process.pid == int(file.read_text(encoding="utf-8")))
    (other,) = (node for node in nodes if node is not dying)
    # Whoever holds it, for however long, nobody else does it meanwhile.
    await asyncio.sleep(3)
    assert await publications(postgresql_database) == 0

    dying.kill()

    await until_published(other, WITHIN_SECONDS)
    await dying.start()
    assert await first_answer(dying) == 200
    assert await publications(postgresql_database) == 1
    assert await postgresql_database.fetch("SELECT id FROM jobs WHERE kind = 'publications'") == []


async def test_what_was_due_during_an_outage_is_done_before_the_first_answer(
    database: BlogDatabase, start: Starter, tmp_path: Path
) -> None:
    node = await start(database.url, {"HANGS": str(tmp_path / "hangs")}, module=MODULE)
    await schedule(node, 1)
    # Killed in the middle, with a lease that has not ended.
    await until_there(tmp_path / "hangs")
    node.kill()

    starting = asyncio.create_task(node.start())
    status = await first_answer(node)
    await starting

    assert status == 200
    assert await publications(database) == 1


async def test_it_is_published_within_a_second_of_its_time(database: BlogDatabase, start: Starter) -> None:
    node = await start(database.url)
    await schedule(node, 3)

    await asyncio.sleep(2)
    assert await publications(database) == 0
    took = await until_published(node, WITHIN_SECONDS)

    assert took < 2
