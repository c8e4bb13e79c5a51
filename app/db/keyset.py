"""Orders that can be paged by keyset: the next page starts after the sort values of the last row.

A row comparison, `(a, b) > (x, y)`, lets the database start in the middle of the index; the same condition written with
AND and OR, or OFFSET, reads everything before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, bindparam, literal, literal_column, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from app.db.cursors import Value

# How many rows a select that is built once may bring. PostgreSQL plans badly for a number that it is not told, or plans
# anew each time. Whoever wants fewer takes the first of them.
SIZES = (11, 21, 51, 101)


def size_for(limit: int) -> int:
    """The size for a page of this many rows, plus one to see whether there are more."""
    return next(size for size in SIZES if size > limit)


def _wide(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """A type for any number that a cursor may hold; PostgreSQL fails if it does not fit the column's own type."""
    return BigInteger() if isinstance(kind, Integer) else kind


@dataclass(frozen=True)
class Order:
    """A named order in one direction over columns that are never null, the last of them unique."""

    name: str
    columns: tuple[InstrumentedAttribute[Any] | ColumnElement[Any], ...]
    descending: bool = False

    @property
    def types(self) -> list[type]:
        return [column.type.python_type for column in self.columns]

    def added_to(self, statement: Select[Any]) -> Select[Any]:
        """The statement with the sort values in each row; see `values`."""
        return statement.add_columns(*self.columns)

    def values(self, row: Sequence[Any]) -> Sequence[Value]:
        """The sort values in a row of a statement to which they were added last."""
        return row[-len(self.columns) :]

    def after(self, values: Sequence[Value]) -> ColumnElement[bool]:
        """Whether a row comes after the one with these sort values."""
        row = tuple_(*self.columns)
        last = tuple_(*(literal(value, _wide(column.type)) for value, column in zip(values, self.columns, strict=True)))
        return row < last if self.descending else row > last

    def first(self, statement: Select[Any], size: int) -> Select[Any]:
        """The first `size` rows; the number is written into the statement, see `SIZES`."""
        return self.sort(statement).limit(literal_column(str(size)))

    def after_bound(self) -> ColumnElement[bool]:
        """The same with the values as parameters, for selects that are built once; see `bound`."""
        last = (bindparam(f"after_{index}", type_=_wide(column.type)) for index, column in enumerate(self.columns))
        row, after = tuple_(*self.columns), tuple_(*last)
        return row < after if self.descending else row > after

    def bound(self, values: Sequence[Value]) -> dict[str, Value]:
        """The values that `after_bound` needs."""
        return {f"after_{index}": value for index, value in enumerate(values)}

    def sort(self, statement: Select[Any]) -> Select[Any]:
        return statement.order_by(*(column.desc() if self.descending else column for column in self.columns))
