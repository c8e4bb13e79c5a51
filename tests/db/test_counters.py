"""Counters that triggers maintain, made from declarations, with tables of their own."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.util import ClauseAdapter

from app.db.base import BigId
from app.db.counters import correct, expectations, register_counter, tables_in_lock_order
from app.db.session import PoolLimits, create_engine
from tests.support.databases import Template

LIBRARY = MetaData()
SHELVES, AUTHORS = (
    Table(
        name,
        LIBRARY,
        Column("id", BigId, primary_key=True),
        Column("book_count", Integer, nullable=False, server_default=text("0")),
        Column("updated_at", Integer, server_default=text("7"), onupdate=8),
    )
    for name in ("shelves", "authors")
)
# Named so that whoever does not quote fails.
BOOKS = Table(
    "order",
    LIBRARY,
    Column("id", BigId, primary_key=True),
    Column("group", BigId, ForeignKey("shelves.id", ondelete="CASCADE")),
    Column("author_id", BigId, ForeignKey("authors.id", ondelete="SET NULL")),
    Column("is_lent", Boolean, nullable=False, server_default=text("false")),
    Column("kind", String(20), nullable=False, server_default="novel"),
    Column("pages", Integer),
)
IS_THERE = BOOKS.c.is_lent.is_(False)
register_counter(SHELVES.c.book_count, counts_rows_by=BOOKS.c.group, where=IS_THERE)
register_counter(
    AUTHORS.c.book_count, counts_rows_by=BOOKS.c.author_id, where=or_(BOOKS.c.kind == "'s", BOOKS.c.pages > 100)
)


@pytest.fixture(scope="module")
async def library(template: Template) -> AsyncIterator[AsyncEngine]:
    async with template.empty() as url:
        engine = create_engine(url, PoolLimits(connections=10))
        async with engine.begin() as connection:
            await connection.run_sync(LIBRARY.create_all)
        yield engine
        await engine.dispose()


@pytest.fixture
async def connection(library: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """In a transaction that is rolled back, with shelves and authors from 1 to 3."""
    async with library.connect() as connection:
        await furnish(connection)
        yield connection


@pytest.fixture
async def lasting(library: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """For transactions that are committed."""
    async with library.begin() as connection:
        await furnish(connection)
    yield library
    async with library.begin() as connection:
        for table in reversed(LIBRARY.sorted_tables):
            await connection.execute(delete(table))


async def furnish(connection: AsyncConnection) -> None:
    for table in (SHELVES, AUTHORS):
        await connection.execute(insert(table), [{"id": number} for number in (1, 2, 3)])


async def put(connection: AsyncConnection, *shelves: int | None, **values: Any) -> None:
    """Insert a book per shelf, with one statement."""
    await connection.execute(insert(BOOKS).values([{"group": shelf, **values} for shelf in shelves]))


async def counted(connection: AsyncConnection, table: Table) -> list[int]:
    """The counters of the rows 1 to 3; all counters are as if they were counted now, and nothing else has changed."""
    for expected in expectations(LIBRARY):
        wrong = await connection.execute(select(expected.column, expected.value).where(expected.is_wrong))
        assert wrong.all() == []
    rows = (await connection.execute(select(table.c.book_count, table.c.updated_at).order_by(table.c.id))).all()
    assert {row.updated_at for row in rows} <= {7}
    return [row.book_count for row in rows]


async def test_rows_count_while_they_meet_the_condition(connection: AsyncConnection) -> None:
    await put(connection, 1, 1, 2, None)
    await put(connection, 1, is_lent=True)
    assert await counted(connection, SHELVES) == [2, 1, 0]

    await connection.execute(update(BOOKS).where(BOOKS.c.group == 2).values(is_lent=True))
    assert await counted(connection, SHELVES) == [2, 0, 0]

    await connection.execute(update(BOOKS).values(is_lent=False))
    assert await counted(connection, SHELVES) == [3, 1, 0]

    await connection.execute(delete(BOOKS).where(BOOKS.c.group == 1))
    assert await counted(connection, SHELVES) == [0, 1, 0]


async def test_rows_that_refer_to_another_count_there(connection: AsyncConnection) -> None:
    await put(connection, 1, 1, 2)
    await put(connection, 1, is_lent=True)

    await connection.execute(update(BOOKS).where(BOOKS.c.group == 1).values(group=3))
    assert await counted(connection, SHELVES) == [0, 1, 2]

    # Both at once: who counted goes away, and who did not comes.
    await connection.execute(update(BOOKS).where(BOOKS.c.group == 3).values(group=2, is_lent=~BOOKS.c.is_lent))
    assert await counted(connection, SHELVES) == [0, 2, 0]

    await connection.execute(update(BOOKS).values(group=None))
    assert await counted(connection, SHELVES) == [0, 0, 0]

    await connection.execute(update(BOOKS).values(group=1))
    assert await counted(connection, SHELVES) == [2, 0, 0]


async def test_rows_of_which_it_is_unknown_whether_they_count_do_not(connection: AsyncConnection) -> None:
    await put(connection, None, author_id=1, pages=None)
    await put(connection, None, author_id=1, pages=101)
    await put(connection, None, author_id=2, pages=None, kind="'s")
    assert await counted(connection, AUTHORS) == [1, 1, 0]

    await connection.execute(update(BOOKS).values(pages=BOOKS.c.pages + 1))
    assert await counted(connection, AUTHORS) == [1, 1, 0]

    await connection.execute(update(BOOKS).values(pages=500, kind="novel"))
    assert await counted(connection, AUTHORS) == [2, 1, 0]

    await connection.execute(update(BOOKS).values(pages=None))
    assert await counted(connection, AUTHORS) == [0, 0, 0]


async def test_rows_that_another_row_takes_along_are_counted(connection: AsyncConnection) -> None:
    await put(connection, 1, 1, 2, author_id=1, pages=200)
    await put(connection, 1, 2, author_id=2, pages=200)

    await connection.execute(delete(SHELVES).where(SHELVES.c.id == 1))
    assert (await counted(connection, SHELVES), await counted(connection, AUTHORS)) == ([2, 0], [1, 1, 0])

    await connection.execute(delete(AUTHORS).where(AUTHORS.c.id == 1))
    assert (await counted(connection, SHELVES), await counted(connection, AUTHORS)) == ([2, 0], [1, 0])


async def test_many_rows_of_one_statement_are_counted(connection: AsyncConnection) -> None:
    await put(connection, *[1, 2] * 100, author_id=3, pages=200)
    assert (await counted(connection, SHELVES), await counted(connection, AUTHORS)) == ([100, 100, 0], [0, 0, 200])

    await connection.execute(update(BOOKS).values(group=3 - BOOKS.c.group, is_lent=BOOKS.c.group == 1))
    assert await counted(connection, SHELVES) == [100, 0, 0]

    # Inserted or updated, whichever it takes.
    await connection.execute(
        text(
            'INSERT INTO "order" (id, "group") SELECT id, 3 FROM "order" WHERE true '
            'UNION ALL SELECT max(id) + 1, 3 FROM "order" WHERE true '
            'ON CONFLICT (id) DO UPDATE SET "group" = excluded."group"'
        )
    )
    assert await counted(connection, SHELVES) == [0, 0, 101]

    await connection.execute(delete(BOOKS))
    assert (await counted(connection, SHELVES), await counted(connection, AUTHORS)) == ([0, 0, 0], [0, 0, 0])


async def test_what_is_undone_is_not_counted(connection: AsyncConnection) -> None:
    await put(connection, 1)
    savepoint = await connection.begin_nested()
    await put(connection, 1, 2)
    await savepoint.rollback()

    assert await counted(connection, SHELVES) == [1, 0, 0]


async def test_changes_at_once_neither_block_each_other_nor_are_lost(lasting: AsyncEngine) -> None:
    """Statements that change the same counters in opposite orders: whoever locks them crosswise waits for ever."""
    numbers = range(4, 60)
    async with lasting.begin() as connection:
        for table in (SHELVES, AUTHORS):
            await connection.execute(insert(table), [{"id": number} for number in numbers])
        # Where the rows are differs from the order of their ids.
        await connection.execute(text("UPDATE shelves SET updated_at = 7 WHERE id % 3 = 0"))

    async def write(writer: int) -> None:
        order = numbers[:: -1 if writer % 2 else 1]
        # Shelves upwards are authors downwards.
        rows = [{"group": number, "author_id": 63 - number, "pages": 200} for number in order]
        for _ in range(3):
            async with lasting.begin() as connection:
                await connection.execute(insert(BOOKS).values(rows))
                await connection.execute(update(BOOKS).where(BOOKS.c.group % 5 == writer % 5).values(is_lent=True))

    await asyncio.gather(*(write(writer) for writer in range(8)))

    async with lasting.connect() as connection:
        assert sum(await counted(connection, AUTHORS)) == 8 * 3 * len(numbers)
        assert 0 < sum(await counted(connection, SHELVES)) < 8 * 3 * len(numbers)


async def test_whoever_counts_waits_for_another_who_does(lasting: AsyncEngine) -> None:
    async with lasting.connect() as one:
        await put(one, 1)
        other = asyncio.create_task(put_and_commit(lasting, 1))
        await until_blocked(lasting, other)
        assert not other.done()
        await one.commit()
        await other

    async with lasting.connect() as connection:
        assert await counted(connection, SHELVES) == [2, 0, 0]


async def put_and_commit(engine: AsyncEngine, shelf: int) -> None:
    async with engine.begin() as connection:
        await put(connection, shelf)


async def until_blocked(engine: AsyncEngine, task: asyncio.Task[Any]) -> None:
    """Until someone waits for a lock, or the task is done. On SQLite it waits before its first statement."""
    if engine.dialect.name == "sqlite":
        await asyncio.sleep(0.05)
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        while not task.done() and not await connection.scalar(waiting):  # noqa: ASYNC110 - nothing tells us
            await asyncio.sleep(0.005)


async def spoil(connection: AsyncConnection, table: Table, **values: Any) -> None:
    await connection.execute(update(table).where(table.c.id == 2).values(updated_at=7, **values))


async def test_wrong_counters_are_found_and_corrected(connection: AsyncConnection) -> None:
    await put(connection, 1, 2, author_id=2, pages=200)
    assert await connection.run_sync(correct, LIBRARY) == 0
    await spoil(connection, SHELVES, book_count=8)
    await spoil(connection, AUTHORS, book_count=0)

    wrong = {
        expected.table.name: (await connection.scalars(select(expected.table.c.id).where(expected.is_wrong))).all()
        for expected in expectations(LIBRARY)
    }

    assert wrong == {"shelves": [2], "authors": [2]}
    assert await connection.run_sync(correct, LIBRARY) == 2
    assert (await counted(connection, SHELVES), await counted(connection, AUTHORS)) == ([1, 1, 0], [0, 2, 0])


async def test_counters_are_corrected_while_others_count(lasting: AsyncEngine) -> None:
    async def repair() -> int:
        async with lasting.begin() as connection:
            return await connection.run_sync(correct, LIBRARY)

    async with lasting.begin() as connection:
        await spoil(connection, SHELVES, book_count=8)
    async with lasting.connect() as one:
        await put(one, 1)
        repairing = asyncio.create_task(repair())
        await until_blocked(lasting, repairing)
        assert not repairing.done()
        # Whoever locked the authors first would wait for this one, which needs them now.
        await put(one, 2, author_id=2, pages=200)
        await one.commit()
        assert await repairing == 1

    async with lasting.connect() as connection:
        assert await counted(connection, SHELVES) == [1, 1, 0]


def test_tables_are_locked_before_those_that_are_derived_from_them() -> None:
    assert tables_in_lock_order(LIBRARY) == [BOOKS, SHELVES, AUTHORS]
    assert [expected.table for expected in expectations(LIBRARY)] == [SHELVES, AUTHORS]


NODES = Table(
    "nodes",
    MetaData(),
    Column("id", BigId, primary_key=True),
    Column("parent_id", BigId, ForeignKey("nodes.id")),
    Column("child_count", Integer, nullable=False, server_default=text("0")),
)


def other_row(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    adapted: ColumnElement[bool] = ClauseAdapter(BOOKS.alias()).traverse(condition)
    return adapted


@pytest.mark.parametrize(
    ("column", "reference", "condition", "problem"),
    [
        (SHELVES.c.book_count, BOOKS.c.group, IS_THERE, "already maintained"),
        (AUTHORS.c.updated_at, BOOKS.c.author_id, None, "0 by default and never null"),
        (AUTHORS.c.id, BOOKS.c.author_id, None, "0 by default"),
        (SHELVES.c.book_count, BOOKS.c.author_id, None, "needs a foreign key to shelves"),
        (SHELVES.c.book_count, BOOKS.c.pages, None, "needs a foreign key to shelves"),
        (NODES.c.child_count, NODES.c.parent_id, None, "rows of its own table"),
        (SHELVES.c.book_count, BOOKS.c.group, SHELVES.c.id > 1, "columns of order only, not on shelves.id"),
        (SHELVES.c.book_count, BOOKS.c.group, other_row(IS_THERE), "columns of order only"),
    ],
)
def test_what_cannot_be_counted_cannot_be_declared(
    column: Column[Any], reference: Column[Any], condition: ColumnElement[bool] | None, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        register_counter(column, counts_rows_by=reference, where=condition)
