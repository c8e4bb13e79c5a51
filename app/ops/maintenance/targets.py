"""The target database of a copy: prepared before, and finished afterwards.

While it is being filled, it cannot be mistaken for a complete blog: its foreign keys and triggers are suspended, since
counters and references are copied and not created anew, and no server starts on its version.
"""

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database_urls import without_secrets
from app.db import migrations
from app.db.schema_version import HALF_COPIED
from app.ops.maintenance import id_counters, progress
from app.ops.maintenance.schema import MaintenanceRefused, head, revision, row_counts, tables

_SOURCE, _REVISION, _SET_ASIDE = "source", "revision", "set aside"


async def prepare(engine: AsyncEngine, url: str, source: str, *, start_over: bool) -> bool:
    """Prepare the target at `url` for copying rows into it; returns whether some of `source` have been copied before.

    Raises `MaintenanceRefused`.
    """
    async with engine.begin() as connection:
        is_new = await connection.run_sync(revision) is None
        if await connection.run_sync(progress.is_under_way):
            if not start_over:
                await connection.run_sync(_require_the_same_copy, source)
                return True
            await connection.run_sync(_give_up)
    await migrations.upgrade(url)
    async with engine.begin() as connection:
        await connection.run_sync(_begin, source, without_secrets(url), is_new)
    return False


async def finish(engine: AsyncEngine, last_ids: dict[str, int]) -> None:
    """Restore what was suspended, which checks every reference, and let servers start on it."""
    async with engine.begin() as connection:
        await connection.run_sync(_finish, last_ids)
    if engine.dialect.name == "postgresql":
        # Otherwise the first visitors would wait for queries planned without knowing how much there is.
        names = ", ".join(f'"{table.name}"' for table in tables())
        async with engine.connect() as opened:
            connection = await opened.execution_options(isolation_level="AUTOCOMMIT")
            await connection.exec_driver_sql(f"VACUUM (ANALYZE) {names}")


def _require_the_same_copy(connection: Connection, source: str) -> None:
    begun_from = progress.fact(connection, _SOURCE)
    if begun_from != source:
        raise MaintenanceRefused(
            f"The target has an unfinished copy of {begun_from}. Finish that copy, or use --start-over."
        )
    if progress.fact(connection, _REVISION) != head():
        raise MaintenanceRefused("The copy was started by another version of the software. Use --start-over.")


def _begin(connection: Connection, source: str, name: str, is_new: bool) -> None:
    set_aside = _set_aside_on_sqlite if connection.dialect.name == "sqlite" else _set_aside_on_postgresql
    facts = {_SOURCE: source, _REVISION: revision(connection), _SET_ASIDE: set_aside(connection)}
    if is_new:
        # Migrations may have left rows of their own.
        _empty(connection)
    filled = {table: count for table, count in row_counts(connection).items() if count}
    if filled:
        raise MaintenanceRefused(
            f"{name} is not empty: {', '.join(filled)} already have rows. Copy into a new database."
        )
    progress.begin(connection, facts)
    _set_revision(connection, HALF_COPIED)


def _finish(connection: Connection, last_ids: dict[str, int]) -> None:
    id_counters.continue_from(connection, last_ids)
    _put_back(connection)
    migrations.check_foreign_keys(connection)


def _give_up(connection: Connection) -> None:
    _empty(connection)
    _put_back(connection)


def _put_back(connection: Connection) -> None:
    for statement in progress.fact(connection, _SET_ASIDE):
        connection.exec_driver_sql(statement)
    _set_revision(connection, progress.fact(connection, _REVISION))
    progress.end(connection)


def _set_revision(connection: Connection, to: str) -> None:
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{to}'")  # noqa: S608 - a revision


def _empty(connection: Connection) -> None:
    """Delete all rows, while no constraint or trigger interferes."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in tables())
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        return
    for table in reversed(tables()):
        connection.execute(table.delete())
    connection.exec_driver_sql("DELETE FROM sqlite_sequence")


def _set_aside_on_sqlite(connection: Connection) -> list[str]:
    """Drop all triggers; returns what recreates them. Foreign keys are not enforced on this connection."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"
    triggers = connection.exec_driver_sql(query).tuples().all()
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    return [sql for _, sql in triggers]


def _set_aside_on_postgresql(connection: Connection) -> list[str]:
    """Drop all foreign keys and suspend all triggers; returns what undoes that. Needs no more rights than migrating."""
    foreign_keys = """
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
               format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint
        WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY conname"""
    triggers = """
        SELECT DISTINCT format('ALTER TABLE %s DISABLE TRIGGER USER', tgrelid::regclass),
               format('ALTER TABLE %s ENABLE TRIGGER USER', tgrelid::regclass)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"""
    afterwards = []
    for query in (foreign_keys, triggers):
        for now, then in connection.exec_driver_sql(query).tuples().all():
            connection.exec_driver_sql(now)
            afterwards.append(then)
    return afterwards
