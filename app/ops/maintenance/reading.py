"""Reads tables in primary key order, in batches of limited size."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database_urls import without_secrets
from app.db.errors import CONNECTION_ERRORS
from app.ops.maintenance.schema import MaintenanceRefused
from app.ops.maintenance.table_rows import Row, in_order

# A batch is a transaction in the target, and what is in memory at once.
BATCH_ROWS = 2000
_BATCH_CHARACTERS = 8_000_000
_BATCH_ROWS = 100


class Unreadable(MaintenanceRefused):
    """Reading a database failed; if two are read, the message says which."""


async def batches(
    connection: AsyncConnection, table: Table, *, after: Sequence[Any] | None = None
) -> AsyncGenerator[list[Row], None]:
    """Batches of the rows after this key, as they are stored."""
    batch: list[Row] = []
    size = 0
    async with aclosing(_stream(connection, in_order(table, connection.dialect, after=after))) as rows:
        async for row in rows:
            batch.append(row)
            size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
            if len(batch) >= BATCH_ROWS or size >= _BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


async def between(connection: AsyncConnection, table: Table, after: Row | None, until: Row) -> list[Row]:
    """The rows after one key and up to another."""
    statement = in_order(table, connection.dialect, after=after, until=until)
    return [row async for row in _stream(connection, statement)]


async def _stream(connection: AsyncConnection, statement: Select[Any]) -> AsyncGenerator[Row, None]:
    try:
        async with connection.stream(statement.execution_options(yield_per=_BATCH_ROWS)) as result:
            async for partition in result.partitions():
                for row in partition:
                    yield tuple(row)
    except CONNECTION_ERRORS + (SQLAlchemyError,) as error:  # noqa: RUF005 - mypy follows no unpacking
        cause = str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip(".")
        url = connection.engine.url.render_as_string(hide_password=False)
        raise Unreadable(f"The database {without_secrets(url)} cannot be read: {cause}.") from error
