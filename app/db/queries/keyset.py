"""Orders that can be paged by keyset: the next page starts after the sort values of the last row.

A comparison of rows, `(a, b) > (x, y)`, lets the database start in the middle of the index; the same said with AND and
OR, or with OFFSET, reads everything before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.core.cursors import Value


def _wide(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """A cursor may hold any number; PostgreSQL fails for one that the column's own type has no room for."""
    return BigInteger() if isinstance(kind, Integer) else kind


@dataclass(frozen=True)
class Order:
    """A named order by one direction over columns that are never null, the last of them unique."""

    name: str
    columns: tuple[InstrumentedAttribute[Any], ...]
    descending: bool = False

    @property
    def types(self) -> list[type]:
        return [column.type.python_type for column in self.columns]

    def after(self, values: Sequence[Value]) -> ColumnElement[bool]:
        """Whether a row comes after the one with these sort values."""
        row = tuple_(*self.columns)
        last = tuple_(*(literal(value, _wide(column.type)) for value, column in zip(values, self.columns, strict=True)))
        return row < last if self.descending else row > last

    def sort(self, statement: Select[Any]) -> Select[Any]:
        return statement.order_by(*(column.desc() if self.descending else column for column in self.columns))
