"""What is declared of a column that triggers maintain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, MetaData, Select, Table

# The `info` of a column that is named like a counter and does not count the rows of a table.
NOT_A_COUNTER: Final = {"is_counter": False}
_DECLARED = "derived_columns"


@dataclass(frozen=True, eq=False)
class Counter:
    """A column that counts the rows which refer to its row and meet a condition."""

    column: Column[Any]
    reference: Column[Any]
    condition: ColumnElement[bool] | None

    @property
    def table(self) -> Table:
        """The table with the counter."""
        return table_of(self.column)

    @property
    def counted(self) -> Table:
        """The table whose rows are counted."""
        return table_of(self.reference)

    @property
    def key(self) -> Column[Any]:
        """What the counted rows refer to."""
        (key,) = (foreign_key.column for foreign_key in self.reference.foreign_keys)
        return key

    @property
    def sources(self) -> tuple[Table, ...]:
        return (self.counted,)


@dataclass(frozen=True, eq=False)
class DerivedColumn:
    """Any other column that triggers derive: from one row of another table, by statements of its domain's own."""

    column: Column[Any]
    value: Select[Any]
    triggers: Mapping[str, Sequence[str]]

    @property
    def table(self) -> Table:
        """The table with the derived column."""
        return table_of(self.column)

    @property
    def sources(self) -> tuple[Table, ...]:
        """The tables that the value comes from."""
        froms = self.value.get_final_froms()
        return tuple(table for table in froms if isinstance(table, Table) and table is not self.table)


def declared(metadata: MetaData) -> list[Counter | DerivedColumn]:
    """All columns of these tables that triggers maintain, in the order in which they were declared."""
    found: list[Counter | DerivedColumn] = metadata.info.setdefault(_DECLARED, [])
    return found


def table_of(column: Column[Any]) -> Table:
    return column.table
