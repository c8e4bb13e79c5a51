"""Rows with dangling references."""

from collections.abc import Iterator

from sqlalchemy import Connection, ForeignKeyConstraint, Select, and_, func, select

from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding
from app.ops.maintenance.schema import tables


def broken_references(connection: Connection) -> Iterator[Finding]:
    """Rows with broken foreign keys: SQLite allows them while foreign keys are off, PostgreSQL in the replica role."""
    for table in tables():
        for reference in table.foreign_key_constraints:
            broken = _broken(reference)
            count = connection.scalar(select(func.count()).select_from(broken.subquery())) or 0
            if count:
                rows = connection.execute(broken.limit(MAX_SHOWN_ROWS)).tuples().all()
                yield Finding(
                    check="references",
                    table=table.name,
                    problem=f"{', '.join(reference.column_keys)} refers to no row of {reference.referred_table.name}",
                    count=count,
                    rows=["/".join(map(str, row)) for row in rows],
                )


def _broken(reference: ForeignKeyConstraint) -> Select[tuple[object, ...]]:
    """The primary keys of the rows whose reference is broken."""
    there = reference.referred_table.alias("there")
    matches = and_(*(there.c[element.column.name] == element.parent for element in reference.elements))
    complete = and_(*(element.parent.is_not(None) for element in reference.elements))
    return (
        select(*reference.table.primary_key)
        .where(complete, ~select(there).where(matches).correlate(reference.table).exists())
        .order_by(*reference.table.primary_key)
    )
