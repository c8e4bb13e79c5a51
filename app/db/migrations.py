"""Migrating a database to a version of the schema, both from code and from the `alembic` command."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import NullPool

from app.db.session import create_engine

_ALEMBIC_INI = Path(__file__).parents[2] / "alembic.ini"
# Any number will do, as long as nothing else in the database uses it.
_LOCK = 7_265_676_811


def migration_engine(database_url: str) -> AsyncEngine:
    """An engine for migrations only: SQLite does not enforce foreign keys on it.

    Some changes make SQLite rebuild a table; with foreign keys on, dropping the old one would delete every row that
    refers to it. Triggers that name a missing table are not checked either.
    """
    engine = create_engine(database_url, poolclass=NullPool)
    if make_url(database_url).get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _suspend_foreign_keys)
    return engine


def _suspend_foreign_keys(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.execute("PRAGMA legacy_alter_table=ON")
    cursor.close()


def lock(connection: Connection) -> None:
    """Let only one process migrate at a time; on SQLite the transaction itself does that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def check_foreign_keys(connection: Connection) -> None:
    """Refuse a migration that left dangling references."""
    if connection.dialect.name == "sqlite" and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise RuntimeError(f"the migration broke {len(broken)} references, the first in table {broken[0][0]}")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for this connection."""
    config = Config(_ALEMBIC_INI)
    config.attributes["connection"] = connection
    return config


async def upgrade(database_url: str) -> None:
    """Migrate the database to the newest version, or leave it unchanged if that fails."""
    await run(database_url, command.upgrade, "head")


async def run(database_url: str, alembic_command: Any, *arguments: Any, **options: Any) -> None:
    """Run one of Alembic's commands on a database."""
    engine = migration_engine(database_url)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(
                lambda sync: alembic_command(alembic_config(sync), *arguments, **options),
            )
            await connection.commit()
    finally:
        await engine.dispose()
