"""However a turn to write ends, the next one begins."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Tag
from app.db.session import Database
from tests.support.writing_turns import ENDLESS, LONG, ONE, names, pause, write


async def commit(session: AsyncSession) -> None:
    await session.commit()


async def roll_back(session: AsyncSession) -> None:
    await session.rollback()


async def close(session: AsyncSession) -> None:
    await session.close()


async def leave(_session: AsyncSession) -> None:
    """The block ends."""


async def fail(session: AsyncSession) -> None:
    await session.execute(text("SELECT * FROM nowhere"))


async def break_a_constraint(session: AsyncSession) -> None:
    session.add_all([Tag(name="1", slug="same"), Tag(name="2", slug="same")])
    await session.commit()


async def lose_the_connection(session: AsyncSession) -> None:
    await (await session.connection()).invalidate()


async def crash(session: AsyncSession) -> None:
    """The driver's connection is closed behind SQLAlchemy's back."""
    raw: Any = await (await session.connection()).get_raw_connection()
    await raw.driver_connection.close()
    await session.commit()


async def be_cancelled(session: AsyncSession) -> None:
    await session.execute(ENDLESS)


async def be_cancelled_committing(session: AsyncSession) -> None:
    session.add(Tag(name="half", slug="half"))
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)  # type: ignore[union-attr]
    await session.commit()


async def be_cancelled_between(_session: AsyncSession) -> None:
    await asyncio.Event().wait()


ENDS: list[Callable[[AsyncSession], Awaitable[None]]] = [
    commit,
    roll_back,
    close,
    leave,
    fail,
    break_a_constraint,
    lose_the_connection,
    crash,
    be_cancelled,
    be_cancelled_committing,
    be_cancelled_between,
]


@pytest.mark.parametrize("end", ENDS)
async def test_however_a_turn_ends_the_next_one_begins(
    database: Database, end: Callable[[AsyncSession], Awaitable[None]]
) -> None:
    async def have_a_turn() -> None:
        async with database.writing() as session:
            await session.execute(ONE)
            await end(session)

    turn = asyncio.create_task(have_a_turn())
    await pause()
    next_turn = asyncio.create_task(write(database))
    await asyncio.wait([turn], timeout=0.1 if "cancelled" in end.__name__ else LONG)
    turn.cancel()
    with suppress(Exception, asyncio.CancelledError):
        await turn

    await asyncio.wait_for(next_turn, LONG)
    assert "new" in await names(database)
    await asyncio.wait_for(write(database, "and on"), LONG)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_whoever_is_cancelled_waiting_leaves_the_queue(database: Database, place: int) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        waiting = [asyncio.create_task(write(database, f"{number}")) for number in range(3)]
        await pause()
        waiting[place].cancel()
        await pause()
    results = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(results.pop(place), asyncio.CancelledError)
    assert results == [None, None]
    assert await names(database) == [f"{number}" for number in range(3) if number != place]


async def test_whoever_is_cancelled_when_it_is_their_turn_passes_it_on(database: Database) -> None:
    async with database.writing() as first:
        await first.execute(ONE)
        called, next_one = (asyncio.create_task(write(database, name)) for name in ("called", "next"))
        await pause()
        await first.commit()
        called.cancel()
    await asyncio.wait_for(next_one, LONG)

    assert await names(database) == ["next"]


async def test_a_connection_that_cannot_be_opened_costs_nobody_a_turn(database: Database) -> None:
    def refuse(connection: Any, _record: object) -> None:
        connection.close()
        raise sqlite3.OperationalError("unable to open database file")

    event.listen(database.engine.sync_engine, "connect", refuse)
    for _ in range(2):
        with pytest.raises(Exception, match="unable to open"):
            await asyncio.wait_for(write(database), LONG)
    event.remove(database.engine.sync_engine, "connect", refuse)

    await asyncio.wait_for(write(database), LONG)
