"""The triggers that maintain what is declared, for either database."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from app.db.counters import postgresql, sqlite
from app.db.counters.declarations import Counter, DerivedColumn, declared


def trigger_statements(table: Table, dialect: Dialect) -> Iterator[str]:
    """What creates the triggers for what is counted by the rows of a table, and for its own derived columns.

    A migration contains their text: it has to stay as it is when the declarations have changed.
    """
    counters = [found for found in declared(table.metadata) if isinstance(found, Counter) and found.counted is table]
    if counters:
        create = postgresql.triggers if dialect.name == "postgresql" else sqlite.triggers
        yield from create(table, counters, dialect)
    for found in declared(table.metadata):
        if isinstance(found, DerivedColumn) and found.table is table:
            yield from found.triggers[dialect.name]


def create_triggers(table: Table, connection: Connection, **_: Any) -> None:
    for statement in trigger_statements(table, connection.dialect):
        connection.exec_driver_sql(statement)
