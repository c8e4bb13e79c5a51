"""Whether the columns that triggers maintain are correct, and correcting them."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

import app.hooks  # noqa: F401 - fills the metadata
from app.cache.keys import EVERYTHING
from app.db.base import Base
from app.db.changes.broadcast import broadcast
from app.db.changes.tracking import InvalidationBus
from app.db.counters import correct, expectations
from app.db.session import open_database
from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding


def wrong_counters(connection: Connection) -> Iterator[Finding]:
    """Rows whose counters are wrong."""
    for expected in expectations(Base.metadata):
        keys = expected.table.primary_key
        wrong = select(*keys).where(expected.is_wrong)
        count = connection.scalar(select(func.count()).select_from(wrong.subquery())) or 0
        if count:
            rows = connection.execute(wrong.order_by(*keys).limit(MAX_SHOWN_ROWS)).tuples().all()
            yield Finding(
                check="counters",
                table=expected.table.name,
                problem=f"{expected.column.name} is wrong",
                count=count,
                rows=["/".join(map(str, row)) for row in rows],
            )


async def repair_counters(database_url: str) -> int:
    """Correct wrong counters, and nothing else; returns the number of rows. The blog may be running meanwhile."""
    database = open_database(database_url)
    try:
        async with database.engine.begin() as connection:
            return await connection.run_sync(_repair)
    finally:
        await database.dispose()


def _repair(connection: Connection) -> int:
    repaired = correct(connection, Base.metadata)
    if repaired:
        broadcast(connection, InvalidationBus().next_message_id(), [EVERYTHING])
    return repaired
