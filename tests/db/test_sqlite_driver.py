"""Statements on SQLite cost one call to the connection's thread, and otherwise do what SQLAlchemy's own do."""

from collections.abc import AsyncIterator
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.db.session import create_engine

STATEMENTS = {
    "rows": ("SELECT id, name FROM things ORDER BY id", {}),
    "no rows": ("SELECT id FROM things WHERE id = :id", {"id": 99}),
    "insert": ("INSERT INTO things (name) VALUES (:name)", {"name": "three"}),
    "insert, returning": ("INSERT INTO things (name) VALUES (:name) RETURNING id, name", {"name": "three"}),
    "update": ("UPDATE things SET name = name || '!'", {}),
    "update of none": ("UPDATE things SET name = '' WHERE id = 99", {}),
    "delete, returning": ("DELETE FROM things RETURNING id", {}),
    "definition": ("CREATE TABLE others (id INTEGER)", {}),
    "many": ("INSERT INTO things (name) VALUES (:name)", [{"name": "three"}, {"name": "four"}]),
    "many of one": ("INSERT INTO things (name) VALUES (:name)", [{"name": "three"}]),
    "syntax": ("SELEC 1", {}),
    "no table": ("SELECT * FROM nowhere", {}),
    "constraint": ("INSERT INTO things (name) VALUES ('one')", {}),
    "constraint among many": ("INSERT INTO things (name) VALUES (:name)", [{"name": "three"}, {"name": "one"}]),
    "unsupported value": ("SELECT :value", {"value": object()}),
    "too large a number": ("SELECT :value", {"value": 2**64}),
}


async def filled(engine: AsyncEngine) -> AsyncEngine:
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
        await connection.execute(text("INSERT INTO things (name) VALUES ('one'), ('two')"))
    return engine


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    engine = await filled(create_engine("sqlite+aiosqlite:///:memory:"))
    yield engine
    await engine.dispose()


async def outcome(connection: AsyncConnection, statement: str, values: Any) -> Any:
    try:
        result: Any = await connection.execute(text(statement), values)
    except DBAPIError as error:
        return type(error), type(error.orig), str(error.orig), error.connection_invalidated
    except OverflowError as error:
        return type(error), str(error)
    described = [column[0] for column in result.cursor.description or ()] if result.returns_rows else None
    left = None if result.returns_rows else (result.lastrowid, result.rowcount)
    return described, result.all() if result.returns_rows else None, left


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_the_outcome_is_that_of_sqlalchemys_own(engine: AsyncEngine, kind: str) -> None:
    own = await filled(create_async_engine("sqlite+aiosqlite:///:memory:"))
    outcomes = []
    for each in (engine, own):
        async with each.connect() as connection:
            outcomes.append(await outcome(connection, *STATEMENTS[kind]))
            await connection.rollback()
    await own.dispose()

    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("kind", STATEMENTS)
async def test_a_statement_is_one_call(engine: AsyncEngine, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine.connect() as connection:
        await connection.begin()
        calls = counted(monkeypatch)
        await outcome(connection, *STATEMENTS[kind])

        assert len(calls) == 1


async def test_a_transaction_is_two_calls_besides_its_statements(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = counted(monkeypatch)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT 1"))

    assert len(calls) == 3


def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls = []
    execute = aiosqlite.Connection._execute

    async def count(self: aiosqlite.Connection, *arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return await execute(self, *arguments, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(aiosqlite.Connection, "_execute", count)
    return calls


async def test_rows_can_be_streamed(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        result = await connection.stream(text("SELECT name FROM things ORDER BY id"))
        assert [name async for name in result.scalars()] == ["one", "two"]


async def test_an_error_ends_neither_the_transaction_nor_what_it_wrote(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO things (name) VALUES ('three')"))
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO things (name) VALUES ('one')"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM things")) == 3


async def test_what_is_left_uncommitted_is_rolled_back(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("DELETE FROM things"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM things")) == 2


@pytest.mark.parametrize("by", ["execute", "rollback", "commit"])
async def test_a_connection_that_was_closed_is_told_apart(engine: AsyncEngine, by: str) -> None:
    async with engine.connect() as connection:
        await connection.begin()
        raw: Any = await connection.get_raw_connection()
        await raw.driver_connection.close()
        with pytest.raises(OperationalError, match="no active connection") as caught:
            await (connection.execute(text("SELECT 1")) if by == "execute" else getattr(connection, by)())
        assert caught.value.connection_invalidated
