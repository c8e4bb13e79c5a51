"""Two servers share the jobs of one PostgreSQL, and one of them is killed."""

import asyncio
import time
from collections.abc import Callable

import pytest
from sqlalchemy import insert, text

from app.db.session import open_database
from app.queue.models import Job
from tests.chaos.blogs import BlogDatabase
from tests.chaos.node import Starter
from tests.support.job_kinds import NUMBER

pytestmark = pytest.mark.chaos
JOBS = 10_000
# As long as it took on two cores with six times as much to do, and then some.
WITHIN_SECONDS = 240


async def test_each_job_is_done_once_in_the_database(postgresql_database: BlogDatabase, start: Starter) -> None:
    database = open_database(postgresql_database.url)
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE handled (number integer, node integer)"))
    first, second = await asyncio.gather(
        *(start(postgresql_database.url, module="tests.chaos.job_node") for _ in range(2))
    )
    began = time.monotonic()
    async with database.writing() as session:
        rows = [{"kind": NUMBER.name, "payload": {"number": number}, "attempts": 0} for number in range(JOBS)]
        await session.execute(insert(Job), rows)
        await session.execute(text("SELECT pg_notify('colophon_jobs', 'the test')"))
        await session.commit()

    async def until(holds: Callable[[int], bool]) -> None:
        while not holds((await postgresql_database.fetch("SELECT count(*) FROM handled"))[0][0]):
            assert time.monotonic() - began < WITHIN_SECONDS, second.log[-3000:]
            await asyncio.sleep(0.2)

    await until(lambda number: number > JOBS / 2)
    first.kill()
    # What it was doing waits for its lease to end, and nothing else does.
    await until(lambda number: number >= JOBS - 30)
    await asyncio.sleep(1)
    left = await postgresql_database.fetch("SELECT lease, attempts FROM jobs WHERE kind = 'number'")
    assert all(lease is not None and attempts == 1 for lease, attempts in left)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE jobs SET run_at = now() WHERE kind = 'number'"))
        await connection.execute(text("SELECT pg_notify('colophon_jobs', 'the test')"))
    await until(lambda number: number >= JOBS)
    await database.dispose()

    done = await postgresql_database.fetch("SELECT number, node FROM handled")
    assert sorted(number for number, _ in done) == list(range(JOBS))
    nodes = [node for _, node in done]
    assert len(set(nodes)) == 2
    assert min(nodes.count(node) for node in set(nodes)) > JOBS / 20
    assert await postgresql_database.fetch("SELECT id FROM jobs WHERE kind = 'number'") == []
