"""Those who read from SQLite need no turn."""

import asyncio

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Tag
from app.core.roles import Role
from app.db.session import Database, PoolLimits, begin_writing, open_database, reading
from tests.support.users import Users
from tests.support.writing_turns import ENDLESS, LONG, ONE, names, write


async def test_those_who_read_pass_those_who_wait_to_write(live_app: FastAPI, live_users: Users) -> None:
    """However many these are: they hold no connections."""
    author = await live_users.client(Role.AUTHOR)
    url = live_app.state.settings.database_url
    if not url.startswith("sqlite"):
        pytest.skip("writers wait for each other on SQLite only")
    await live_app.state.database.dispose()
    database = live_app.state.database = open_database(url, PoolLimits(connections=2, queue_seconds=LONG))
    async with database.writing() as first:
        await first.execute(ONE)
        requests = [
            asyncio.create_task(author.post("/articles", json={"title": f"{number}", "body_markdown": "Hello."}))
            for number in range(20)
        ]
        while len(database.engine.pool.turn.lock._waiters or ()) < len(requests):  # type: ignore[attr-defined]  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        for path in ("/users/me", "/articles", "/articles?status=draft"):
            assert (await author.get(path)).status_code == 200
        assert not any(request.done() for request in requests)

    assert {response.status_code for response in await asyncio.gather(*requests)} == {201}


async def test_what_is_loaded_before_writing_takes_no_turn(database: Database) -> None:
    async with database.writing() as first, database.writing() as second:
        await first.execute(ONE)
        async with reading(second):
            assert await second.scalar(select(func.count()).select_from(Tag)) == 0
        first.add(Tag(name="first", slug="first"))
        await first.commit()
        second.add(Tag(name="second", slug="second"))
        await second.commit()

    assert await names(database) == ["first", "second"]


async def test_whoever_reads_can_go_on_to_write_in_turn(database: Database) -> None:
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Tag)) == 0
        await session.commit()
        # Somebody else is quicker: a transaction that has read could not go on to write.
        await write(database, "quicker")
        await begin_writing(session)
        session.add(Tag(name="slower", slug="slower"))
        await session.commit()

    assert await names(database) == ["quicker", "slower"]


@pytest.mark.parametrize("is_inside", [True, False])
async def test_whoever_only_reads_cannot_write(database: Database, is_inside: bool) -> None:
    """Not even if nobody else does at the moment: it would fail once somebody does."""

    async def write_reading(session: AsyncSession) -> None:
        async with reading(session):
            session.add(Tag(name="new", slug="new"))
            await session.flush()

    async with database.writing() if is_inside else database.reading() as session:
        with pytest.raises(OperationalError, match="readonly"):
            await write_reading(session)

    assert await names(database) == []


async def test_an_error_while_reading_leaves_a_session_that_can_write(database: Database) -> None:
    async def fail_reading(session: AsyncSession) -> None:
        async with reading(session):
            await session.execute(ONE)
            raise LookupError

    async with database.writing() as session:
        with pytest.raises(LookupError):
            await fail_reading(session)
        session.add(Tag(name="new", slug="new"))
        await session.commit()

    assert await names(database) == ["new"]


async def test_a_question_that_takes_long_keeps_nobody_waiting(database: Database) -> None:
    many = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT i FROM n")
    async with database.reading() as session:
        question = asyncio.create_task(session.scalars(many))
        turns = 0
        while not question.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await question).all() == list(range(1, 300001))
        # In the same transaction, it goes on as before.
        assert await session.scalar(ONE) == 1

    assert turns > 10


async def test_a_question_that_nobody_waits_for_any_more_is_ended(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.execute(ENDLESS)

    assert await names(database) == []
    assert database.reading_engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_in_memory_there_is_one_connection_for_all() -> None:
    database = open_database("sqlite+aiosqlite:///:memory:")
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE things (name TEXT)"))
        await session.execute(text("INSERT INTO things VALUES ('one')"))
        await session.commit()
        async with reading(session):
            assert await session.scalar(text("SELECT name FROM things")) == "one"
    async with database.reading() as session:
        assert await session.scalar(text("SELECT name FROM things")) == "one"
    await database.engine.dispose()
