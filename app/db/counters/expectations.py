"""The values that maintained columns should have."""

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import Column, ColumnElement, MetaData, ScalarSelect, Table, func, select
from sqlalchemy.sql import visitors

from app.db.counters.declarations import Counter, DerivedColumn, declared, table_of


@dataclass(frozen=True)
class Expectation:
    """A maintained column, and the value that it should have."""

    column: Column[Any]
    value: ColumnElement[Any]

    @property
    def table(self) -> Table:
        return table_of(self.column)

    @property
    def is_wrong(self) -> ColumnElement[bool]:
        return self.column.is_distinct_from(self.value)


def expectations(metadata: MetaData) -> list[Expectation]:
    """What all maintained columns should be, in an order in which they can be corrected while the triggers are active.

    What is counted by a derived column comes after it.
    """
    columns = declared(metadata)
    derived = {found.column: _derived(found) for found in columns if isinstance(found, DerivedColumn)}
    values = derived | {found.column: _counted(found, derived) for found in columns if isinstance(found, Counter)}
    order = tables_in_lock_order(metadata)
    return [Expectation(column, values[column]) for column in sorted(values, key=lambda c: order.index(table_of(c)))]


def tables_in_lock_order(metadata: MetaData) -> list[Table]:
    """Maintained tables and those that they are derived from, in the order in which triggers get from one to another.

    Whoever locks several of them in this order does not wait crosswise for someone whose statement is counted.
    """
    sorter = TopologicalSorter[Table]()
    for found in declared(metadata):
        for source in found.sources:
            sorter.add(source)
            if source is not found.table:
                sorter.add(found.table, source)
    return list(sorter.static_order())


def _derived(found: DerivedColumn) -> ScalarSelect[Any]:
    return found.value.correlate(found.table).scalar_subquery()


def _counted(counter: Counter, derived: dict[Column[Any], ScalarSelect[Any]]) -> ScalarSelect[int]:
    """Counted anew; what a row counts by is itself derived anew, for it may be wrong too."""
    statement = select(func.count()).select_from(counter.counted).where(counter.reference == counter.key)
    if counter.condition is not None:
        statement = statement.where(_replaced(counter.condition, derived))
    return statement.correlate(counter.table).scalar_subquery()


def _replaced(condition: ColumnElement[bool], values: dict[Column[Any], ScalarSelect[Any]]) -> ColumnElement[bool]:
    def value_of(element: Any, **_: Any) -> Any:
        return values.get(element) if isinstance(element, Column) else None

    return visitors.replacement_traverse(condition, {}, value_of)
