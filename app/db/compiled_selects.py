"""Reading without sessions: selects that are built and compiled once, and rows as the driver returns them.

Frequent reads cost little more than the work of the database itself: there are no transactions, entities or statements
to build. Building a select takes longer than executing it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Dialect, Select
from sqlalchemy.ext.asyncio import AsyncSession

Processor = Callable[[Any], Any]
Row = Sequence[Any]


class CompiledSelect:
    """A select whose values are bound parameters. Keep it, as it caches its compiled form."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, DialectSql] = {}

    def for_dialect(self, dialect: Dialect) -> "DialectSql":
        """The compiled form for this dialect."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return found


@dataclass(frozen=True, slots=True)
class DialectSql:
    sql: str
    # For each place in the statement: which parameter stands there, and how it is sent.
    places: Sequence[tuple[str, Processor | None]]
    # Those that are always the same.
    constants: Mapping[str, Any]
    # For each column that the driver does not return as it is wanted.
    columns: Sequence[tuple[int, Processor]]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        given = {**self.constants, **parameters}
        return [process(given[name]) if process else given[name] for name, process in self.places]

    def rows(self, found: Sequence[Row]) -> Sequence[Row]:
        return list(self._processed(found)) if self.columns else found

    def _processed(self, found: Sequence[Row]) -> Iterator[Row]:
        for values in found:
            row = list(values)
            for index, process in self.columns:
                row[index] = process(row[index])
            yield row


def _compile(statement: Select[Any], dialect: Dialect) -> DialectSql:
    compiled = statement.compile(dialect=dialect)
    names = compiled.positiontup or []
    binds = compiled.binds
    places = [(name, binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names]
    types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
    processors = [kind.result_processor(dialect, None) for kind in types]
    columns = [(index, process) for index, process in enumerate(processors) if process is not None]
    constants = {name: bind.value for name, bind in binds.items() if not bind.required}
    return DialectSql(str(compiled), places, constants, columns)


class Rows(Protocol):
    """A source of rows."""

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """The rows that the query finds with these values."""


class ReadPool(Rows, Protocol):
    """Has its own connections; each query sees everything committed before it."""

    async def close(self) -> None:
        """Close all connections."""


class SessionRows:
    """Reads through a session, including what it has not committed yet."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        await self._session.flush()
        connection = await self._session.connection()
        compiled = query.for_dialect(connection.dialect)
        found = await connection.exec_driver_sql(compiled.sql, tuple(compiled.values(parameters)))
        return compiled.rows([tuple(row) for row in found])
