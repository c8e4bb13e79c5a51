"""Triggers that count on SQLite: for each row, within the statement that changes it.

A migration that rebuilds the counted table loses them and has to create them again.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Column, Dialect, Table
from sqlalchemy.sql import visitors

from app.db.counters.conditions import counts
from app.db.counters.declarations import Counter


def triggers(table: Table, counters: Sequence[Counter], dialect: Dialect) -> Iterator[str]:
    """What creates the triggers for all that counts the rows of this table."""
    quoted = dialect.identifier_preparer.quote
    for event, row, sign in (("insert", "new", "+"), ("delete", "old", "-")):
        changes = " ".join(_change(counter, row, sign, dialect) for counter in counters)
        yield (
            f"CREATE TRIGGER {quoted(f'{table.name}_counted_{event}')} AFTER {event.upper()} ON {quoted(table.name)} "
            f"BEGIN {changes} END"
        )
    columns = ", ".join(quoted(name) for name in dict.fromkeys(_columns(counters)))
    is_changed = " OR ".join(dict.fromkeys(part for counter in counters for part in _is_changed(counter, dialect)))
    changes = " ".join(
        _change(counter, row, sign, dialect) for counter in counters for row, sign in (("old", "-"), ("new", "+"))
    )
    yield (
        f"CREATE TRIGGER {quoted(f'{table.name}_counted_update')} AFTER UPDATE OF {columns} ON {quoted(table.name)} "
        f"WHEN {is_changed} BEGIN {changes} END"
    )


def _change(counter: Counter, row: str, sign: str, dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer.quote
    column, condition = quoted(counter.column.name), counts(counter, row, dialect)
    return (
        f"UPDATE {quoted(counter.table.name)} SET {column} = {column} {sign} 1 "  # noqa: S608 - from the models
        f"WHERE {quoted(counter.key.name)} = {row}.{quoted(counter.reference.name)}"
        f"{f' AND {condition}' if condition else ''};"
    )


def _is_changed(counter: Counter, dialect: Dialect) -> Iterator[str]:
    before, after = (counts(counter, row, dialect) for row in ("old", "new"))
    if before:
        yield f"{before} IS NOT {after}"
    reference = dialect.identifier_preparer.quote(counter.reference.name)
    yield f"old.{reference} IS NOT new.{reference}"


def _columns(counters: Sequence[Counter]) -> Iterator[str]:
    """The columns on which it depends whether, and where, a row counts."""
    for counter in counters:
        if counter.condition is not None:
            yield from (part.name for part in visitors.iterate(counter.condition) if isinstance(part, Column))
        yield counter.reference.name
