"""Tables whose types pass values exactly as they are stored, the same on both databases."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    cast,
    collate,
    select,
    tuple_,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.db.base import UtcDateTime

Row = tuple[Any, ...]


@cache
def plain(table: Table) -> Table:
    """The table as it is copied. Only times, flags and bytes are converted; nothing is lowered, validated or parsed."""
    columns = [
        Column(column.name, _plain_type(column.type), primary_key=column.primary_key) for column in table.columns
    ]
    return Table(table.name, MetaData(), *columns)


def _plain_type(of: TypeEngine[Any]) -> TypeEngine[Any]:
    bare = of.impl_instance if isinstance(of, TypeDecorator) else of
    if isinstance(bare, DateTime):
        return UtcDateTime()
    if isinstance(bare, (String, JSON)):
        return Text()
    return BigInteger() if isinstance(bare, Integer) else of


def in_order(
    table: Table, dialect: Dialect, *, after: Sequence[Any] | None = None, until: Row | None = None
) -> Select[Any]:
    """All rows in primary key order, or those after one key and up to another."""
    keys: list[ColumnElement[Any]] = [_key(column, dialect) for column in plain(table).primary_key]
    statement = select(*(_stored(column, table, dialect) for column in plain(table).columns)).order_by(*keys)
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    if until is not None:
        statement = statement.where(tuple_(*keys) <= tuple_(*until))
    return statement


def _stored(column: Column[Any], table: Table, dialect: Dialect) -> ColumnElement[Any]:
    """Select JSON as text; the driver for PostgreSQL would parse it."""
    if isinstance(table.c[column.name].type, JSON) and dialect.name == "postgresql":
        return cast(column, Text).label(column.name)
    return column


def _key(column: Column[Any], dialect: Dialect) -> ColumnElement[Any]:
    """Sort texts by code point, as SQLite does, whatever the server's locale."""
    if isinstance(column.type, Text) and dialect.name == "postgresql":
        return collate(column, "C")
    return column


def key_of(table: Table, row: Row) -> Row:
    """The primary key of a row."""
    return tuple(row[place] for place, column in enumerate(table.columns) if column.primary_key)


def normaliser(table: Table) -> Any:
    """A function that makes rows comparable: JSON with the same meaning may be written differently."""
    places = [place for place, column in enumerate(table.columns) if isinstance(column.type, JSON)]

    def normalise(row: Sequence[Any]) -> Row:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = json.dumps(json.loads(values[place]), sort_keys=True)
        return tuple(values)

    return normalise if places else tuple


def bound(table: Table, dialect: Dialect, rows: Sequence[Row]) -> list[Row]:
    """The rows as this database's driver expects them."""
    processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in plain(table).columns]
    if not any(processors):
        return list(rows)
    return [
        tuple(process(value) if process else value for process, value in zip(processors, row, strict=True))
        for row in rows
    ]
