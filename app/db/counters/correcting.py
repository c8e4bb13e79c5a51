"""Correcting maintained columns that are wrong, while others go on writing."""

from typing import Any

from sqlalchemy import Connection, MetaData, Table, text, update

from app.db.counters.expectations import expectations, tables_in_lock_order


def correct(connection: Connection, metadata: MetaData) -> int:
    """Correct maintained columns, within the current transaction; returns in how many rows."""
    if connection.dialect.name == "postgresql":
        # What others are just counting would otherwise be counted twice, or not at all.
        quoted = connection.dialect.identifier_preparer.format_table
        names = ", ".join(quoted(table) for table in tables_in_lock_order(metadata))
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
    corrected = 0
    for expected in expectations(metadata):
        statement = update(expected.table).where(expected.is_wrong).values({expected.column: expected.value})
        corrected += connection.execute(statement.values(_unchanged(expected.table))).rowcount
    return corrected


def _unchanged(table: Table) -> dict[str, Any]:
    """Keep `updated_at`: correcting a counter is not a change to the row."""
    return {"updated_at": table.c.updated_at} if "updated_at" in table.c else {}
