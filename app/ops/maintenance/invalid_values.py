"""Values that SQLite, which checks no types, accepts, but that columns of these types could not hold elsewhere."""

from collections.abc import Iterator

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, DateTime, Integer, LargeBinary, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding
from app.ops.maintenance.schema import tables

_INTEGER_LIMIT = 2**31


def invalid_values(connection: Connection) -> Iterator[Finding]:
    """Everything in a SQLite database that its column's type does not allow, including NUL characters."""
    for table in tables():
        keys = " || '/' || ".join(f'"{column.name}"' for column in table.primary_key)
        for column in table.columns:
            for problem, condition in _conditions(column):
                wrong = f'FROM "{table.name}" WHERE "{column.name}" IS NOT NULL AND {condition}'
                count = connection.exec_driver_sql(f"SELECT count(*) {wrong}").scalar_one()
                if count:
                    found = connection.exec_driver_sql(f"SELECT {keys} {wrong} LIMIT {MAX_SHOWN_ROWS}").scalars().all()
                    yield Finding(
                        check="values",
                        table=table.name,
                        problem=f"{column.name} {problem}",
                        count=count,
                        rows=[str(key) for key in found],
                    )


def _conditions(column: Column[object]) -> Iterator[tuple[str, str]]:
    """What could be wrong with a value, and the SQL condition that finds it."""
    name, kind = f'"{column.name}"', _bare(column.type)
    match kind:
        case JSON():
            yield "is not JSON", f"NOT (typeof({name}) = 'text' AND json_valid({name}))"
            yield "contains a NUL character", _contains_nul(name)
        case String():
            yield "is not text", f"typeof({name}) <> 'text'"
            yield "contains a NUL character", _contains_nul(name)
            if kind.length:
                yield f"is longer than {kind.length} characters", f"length({name}) > {kind.length}"
        case Boolean():
            yield "is neither true nor false", f"(typeof({name}) <> 'integer' OR {name} NOT IN (0, 1))"
        case DateTime():
            yield "is not a date and time", f"(typeof({name}) <> 'text' OR datetime({name}) IS NULL)"
        case LargeBinary():
            yield "is not binary", f"typeof({name}) <> 'blob'"
        case Integer():
            yield "is not an integer", f"typeof({name}) <> 'integer'"
            if not isinstance(kind, BigInteger):
                yield "is too large a number", f"{name} NOT BETWEEN -{_INTEGER_LIMIT} AND {_INTEGER_LIMIT - 1}"


def _bare(of: TypeEngine[object]) -> TypeEngine[object]:
    return of.impl_instance if isinstance(of, TypeDecorator) else of


def _contains_nul(name: str) -> str:
    return f"instr(CAST({name} AS BLOB), x'00') > 0"
