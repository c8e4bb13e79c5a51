"""Declaring a column that triggers maintain."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, event
from sqlalchemy.sql import visitors

from app.db.counters.declarations import Counter, DerivedColumn, declared
from app.db.counters.triggers import create_triggers


def register_counter(
    column: ColumnElement[Any], *, counts_rows_by: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> None:
    """Declare that `column` counts the rows whose `counts_rows_by` refers to its row and which meet `where`.

    `where` may use the columns of the counted table only. On PostgreSQL, counters of the same rows are locked in the
    order in which they are declared, each by the ids.
    """
    counter = Counter(_stored(column), _stored(counts_rows_by), where)
    _require_maintainable(counter)
    _register(counter, counter.counted)


def register_derived_column(
    column: ColumnElement[Any], value: Select[Any], triggers: Mapping[str, Sequence[str]]
) -> None:
    """Declare that these triggers, by dialect, keep `column` as `value` selects it for its row.

    For what is not a number of rows. The triggers are created with the column's table.
    """
    derived = DerivedColumn(_stored(column), value, triggers)
    _register(derived, derived.table)


def _stored(column: ColumnElement[Any]) -> Column[Any]:
    if not isinstance(column, Column):
        raise TypeError(f"{column} is not a column of a table.")
    return column


def _register(derived: Counter | DerivedColumn, created_with: Table) -> None:
    columns = declared(created_with.metadata)
    if any(other.column is derived.column for other in columns):
        raise ValueError(f"{derived.column} is already maintained by triggers.")
    columns.append(derived)
    if not event.contains(created_with, "after_create", create_triggers):
        event.listen(created_with, "after_create", create_triggers)


def _require_maintainable(counter: Counter) -> None:
    if [key.column.table for key in counter.reference.foreign_keys] != [counter.table]:
        raise ValueError(f"{counter.reference} needs a foreign key to {counter.table.name} to be counted there.")
    if counter.column.nullable or (counter.column.default is None and counter.column.server_default is None):
        raise ValueError(f"{counter.column} has to be 0 by default and never null: one more than null is null.")
    if counter.table is counter.counted:
        raise ValueError(f"{counter.column} cannot count rows of its own table.")
    for used in visitors.iterate(counter.condition) if counter.condition is not None else ():
        if isinstance(used, Column) and used.table is not counter.counted:
            raise ValueError(f"{counter.column} can depend on columns of {counter.counted.name} only, not on {used}.")
