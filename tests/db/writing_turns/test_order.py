"""Those who write to SQLite do so in the order in which they come."""

import asyncio
import sqlite3

from sqlalchemy import event, select

from app.content.models import Tag
from app.db.session import Database, open_database
from tests.support.writing_turns import LONG, ONE, names, pause, write


async def test_whoever_comes_first_writes_first(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = []
        for number in range(20):
            waiting.append(asyncio.create_task(write(database, f"{number}")))
            await pause()
        assert await names(database) == []
        await first.commit()
    await asyncio.gather(*waiting)

    assert await names(database) == [f"{number}" for number in range(20)]


async def test_whoever_has_just_written_comes_last(database: Database) -> None:
    async def write_twice() -> None:
        await write(database, "mine")
        await write(database, "mine again")

    async with database.writing() as first:
        await first.execute(ONE)
        waiting = [asyncio.create_task(write_twice())]
        await pause()
        waiting += [asyncio.create_task(write(database, name)) for name in ("yours", "theirs")]
        await pause()
    await asyncio.gather(*waiting)

    assert await names(database) == ["mine", "yours", "theirs", "mine again"]


async def test_background_work_waits_in_the_same_queue(database: Database, url: str) -> None:
    background = open_database(url, beside=database)
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = []
        for where, name in ((database, "request"), (background, "job"), (database, "another request")):
            waiting.append(asyncio.create_task(write(where, name)))
            await pause()
    await asyncio.gather(*waiting)
    await background.dispose()

    assert await names(database) == ["request", "job", "another request"]


async def test_who_begins_on_a_pool_that_is_replaced_just_then_still_waits_for_other_processes(
    database: Database,
) -> None:
    engine = database.engine.sync_engine
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    @event.listens_for(engine, "connect")
    def replace_pool(*_: object) -> None:
        engine.pool = engine.pool.recreate()

    async def begin() -> None:
        async with database.writing() as session:
            # What is given back to a pool that was disposed of, nobody would close.
            await (await session.connection()).invalidate()

    beginning = asyncio.create_task(begin())
    await asyncio.sleep(0.1)
    assert not beginning.done()
    other.execute("COMMIT")
    other.close()

    await beginning


async def test_the_turn_of_a_pool_that_was_disposed_of_has_to_end_too(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        await database.engine.dispose()
        later = asyncio.create_task(write(database))
        await pause()
        assert not later.done()
        # What is given back to a pool that was disposed of, nobody would close.
        await (await first.connection()).invalidate()
    await asyncio.wait_for(later, LONG)

    assert await names(database) == ["new"]


async def test_two_processes_lose_nothing_of_each_other(database: Database, url: str) -> None:
    elsewhere = open_database(url)

    async def count(where: Database) -> None:
        for _ in range(5):
            async with where.writing() as session:
                tag = (await session.scalars(select(Tag))).one()
                tag.name = str(int(tag.name) + 1)
                await session.commit()

    async with database.writing() as session:
        session.add(Tag(name="0", slug="counter"))
        await session.commit()
    await asyncio.gather(*(count(where) for where in (database, elsewhere) for _ in range(4)))
    await elsewhere.dispose()

    assert await names(database) == ["40"]
