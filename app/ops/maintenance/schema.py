"""Basic facts about a database: its version, its tables, and a snapshot of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Table, func, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

import app.hooks  # noqa: F401 - fills the metadata
from app.core.database_urls import is_sqlite, without_secrets
from app.db.base import Base
from app.db.session import open_database

_SCRIPTS = Path(__file__).parents[3] / "alembic_migrations"


class MaintenanceRefused(Exception):
    """The operation is not possible; the message is a sentence for the operator."""


def tables() -> list[Table]:
    """All tables, referenced ones before those that refer to them."""
    return list(Base.metadata.sorted_tables)


def head() -> str:
    """The newest version of the schema that this code knows."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())


def knows(revision: str | None) -> bool:
    """Whether a database of this version can be migrated to the newest one."""
    return revision in {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}


def revision(connection: Connection) -> str | None:
    """The version of the database; `None` if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def sqlite_path(database_url: str) -> Path:
    """The file of a SQLite database. Raises `MaintenanceRefused`."""
    name = make_url(database_url).database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise MaintenanceRefused("An in-memory database cannot be backed up, restored or copied.")
    return Path(name)


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite database, whatever characters its path has."""
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


@asynccontextmanager
async def snapshot(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection that sees a snapshot of the database, whatever others write meanwhile; it blocks no one."""
    if is_sqlite(database_url) and not sqlite_path(database_url).exists():
        raise MaintenanceRefused(f"The database {without_secrets(database_url)} does not exist.")
    options = {} if is_sqlite(database_url) else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    database = open_database(database_url)
    try:
        async with database.reading() as session:
            yield await session.connection(execution_options=options)
    finally:
        await database.dispose()


def row_counts(connection: Connection) -> dict[str, int]:
    """The number of rows in each table; missing tables are left out."""
    present = set(inspect(connection).get_table_names())
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables()
        if table.name in present
    }


def other_connections(connection: Connection) -> int:
    """The number of other connections to this PostgreSQL database; always 0 on SQLite, which does not report them."""
    if connection.dialect.name == "sqlite":
        return 0
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    return int(connection.exec_driver_sql(query).scalar_one())
