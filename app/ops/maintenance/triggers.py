"""Whether the triggers exist that maintain counters and protect the audit log."""

from collections.abc import Iterator

from sqlalchemy import Connection, create_engine

from app.db.base import Base
from app.ops.maintenance.findings import Finding

_ON_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
_SUSPENDED_ON_POSTGRESQL = """
    SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgenabled = 'D' AND relnamespace = current_schema()::regnamespace ORDER BY 1, 2"""


def disabled_triggers(connection: Connection) -> Iterator[Finding]:
    """Triggers that are missing on SQLite, where rebuilding a table loses them, or suspended on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        for table, name in connection.exec_driver_sql(_SUSPENDED_ON_POSTGRESQL).tuples():
            yield Finding(check="triggers", table=table, problem=f"the trigger {name} is suspended")
        return
    present = set(connection.exec_driver_sql(_ON_SQLITE).scalars())
    for name in _expected_on_sqlite():
        if name not in present:
            yield Finding(check="triggers", problem=f"the trigger {name} is missing")


def _expected_on_sqlite() -> list[str]:
    """The triggers of a newly created database."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            Base.metadata.create_all(connection)
            return list(connection.exec_driver_sql(_ON_SQLITE).scalars())
    finally:
        engine.dispose()
