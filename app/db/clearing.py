"""Deleting many rows without keeping others waiting."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select

from app.db.session import Database

_BATCH = 500


async def ids_of(database: Database, table: Any, condition: ColumnElement[bool], number: int) -> list[int]:
    """The lowest ids of the rows for which the condition holds."""
    async with database.reading() as session:
        return list(await session.scalars(select(table.id).where(condition).order_by(table.id).limit(number)))


async def delete_in_batches(database: Database, table: Any, condition: ColumnElement[bool]) -> None:
    """Delete rows in short transactions, as SQLite has one writer; if there are none, nothing is locked."""
    while ids := await ids_of(database, table, condition, _BATCH):
        async with database.writing() as session:
            await session.execute(delete(table).where(table.id.in_(ids), condition))
            await session.commit()
        if len(ids) < _BATCH:
            return
