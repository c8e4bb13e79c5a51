"""Backs up and restores a PostgreSQL database with PostgreSQL's own programs."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import clock
from app.core.database_urls import PostgresqlAddress
from app.db.session import create_engine
from app.ops.maintenance.files import atomic_write
from app.ops.maintenance.schema import MaintenanceRefused, knows, other_connections, revision, row_counts, snapshot

_MAGIC = b"PGDMP"
_KEPT = "replaced_"
# A table that is there while a database is being restored: it says which schema keeps the old contents, if any does.
_UNDER_WAY = "database_restore"
_SECONDS_TO_CONNECT = "10"
# Where the variable is not named like the parameter.
_VARIABLES = {"application_name": "PGAPPNAME", "connect_timeout": "PGCONNECT_TIMEOUT"}
# Whatever is in a schema but for what belongs to extensions, or goes along with its table.
_MOVE = """
DO $$ DECLARE statement text; BEGIN
  FOR statement IN
    SELECT format(
      'ALTER %s %s SET SCHEMA {to}',
      CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
      format('%I.%I', '{source}', relname))
    FROM pg_class WHERE relnamespace = '{source}'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
      AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('a', 'i')))
    UNION ALL
    SELECT format('ALTER ROUTINE %s SET SCHEMA {to}', oid::regprocedure)
    FROM pg_proc WHERE pronamespace = '{source}'::regnamespace
    AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
  LOOP EXECUTE statement; END LOOP;
END $$"""


def is_dump(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


async def backup(database_url: str, target: Path, *, replace: bool) -> dict[str, int]:
    """Write a snapshot of the database to one file; returns the number of rows in each table.

    Raises `MaintenanceRefused`.
    """
    with atomic_write(target, replace=replace) as part:
        async with snapshot(database_url) as connection:
            server = await connection.run_sync(_server_version)
            await _require_version("pg_dump", server)
            counts = await connection.run_sync(row_counts)
            seen = (await connection.exec_driver_sql("SELECT pg_export_snapshot()")).scalar_one()
            options = [
                "--format=custom",
                f"--snapshot={seen}",
                f"--exclude-schema={_KEPT}*",
                f"--exclude-table=public.{_UNDER_WAY}",
            ]
            await _run("pg_dump", *options, f"--file={part}", "--no-password", database_url=database_url)
        await verify(part)
        return counts


async def verify(path: Path) -> None:
    """Read a dump to its end. Raises `MaintenanceRefused` if that fails."""
    if not is_dump(path):
        raise MaintenanceRefused(f"{path} is not a dump in PostgreSQL's custom format.")
    await _run("pg_restore", f"--file={os.devnull}", str(path))


async def restore(database_url: str, path: Path) -> str | None:
    """Replace the database's contents by a dump, all or nothing; returns the schema that keeps the old contents.

    Raises `MaintenanceRefused`.
    """
    engine = create_engine(database_url)
    try:
        async with engine.begin() as connection:
            server = await connection.run_sync(_server_version)
            await _require_version("pg_restore", server)
            await verify(path)
            await connection.run_sync(_require_unused)
            kept = await connection.run_sync(_set_aside)
        try:
            await _restore(database_url, path)
            async with engine.connect() as connection:
                await connection.run_sync(_require_known)
            await _forget(engine)
        except BaseException:
            await _put_back(engine, kept)
            raise
        return kept
    finally:
        await engine.dispose()


async def undo_interrupted(database_url: str) -> bool:
    """Bring the old contents back if a restore was killed before it was done; returns whether one was.

    Raises `MaintenanceRefused` if it may still be running.
    """
    engine = create_engine(database_url)
    try:
        async with engine.begin() as connection:
            if not await connection.run_sync(is_being_restored):
                return False
            await connection.run_sync(_require_unused)
            if await connection.run_sync(revision) is None:
                kept = await connection.scalar(text(f"SELECT kept FROM public.{_UNDER_WAY}"))  # noqa: S608
            else:
                # All of it is there: only the last step is missing.
                await connection.exec_driver_sql(f"DROP TABLE public.{_UNDER_WAY}")
                return False
        await _put_back(engine, kept)
        return True
    finally:
        await engine.dispose()


def is_being_restored(connection: Connection) -> bool:
    """Whether a restore has begun and is not done: no server may take this for an empty database."""
    return connection.dialect.name == "postgresql" and inspect(connection).has_table(_UNDER_WAY, schema="public")


def _require_unused(connection: Connection) -> None:
    if others := other_connections(connection):
        raise MaintenanceRefused(f"The database is in use by {others} other connections. Stop the server first.")


def _set_aside(connection: Connection) -> str | None:
    kept = None
    if row_counts(connection):
        kept = f"{_KEPT}{clock.now():%Y%m%d_%H%M%S}"
        connection.exec_driver_sql(f"CREATE SCHEMA {kept}")
        connection.exec_driver_sql(_MOVE.format(source="public", to=kept))
    connection.exec_driver_sql(f"CREATE TABLE public.{_UNDER_WAY} (kept text)")
    connection.execute(text(f"INSERT INTO public.{_UNDER_WAY} VALUES (:kept)"), {"kept": kept})  # noqa: S608
    return kept


async def _forget(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"DROP TABLE public.{_UNDER_WAY}")


async def _put_back(engine: AsyncEngine, kept: str | None) -> None:
    """Return to the state before; anything that was restored is dropped."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE SCHEMA not_restored")
        await connection.exec_driver_sql(_MOVE.format(source="public", to="not_restored"))
        await connection.exec_driver_sql("DROP SCHEMA not_restored CASCADE")
        if kept is not None:
            await connection.exec_driver_sql(_MOVE.format(source=kept, to="public"))
            await connection.exec_driver_sql(f"DROP SCHEMA {kept}")


async def _restore(database_url: str, path: Path) -> None:
    name = str(PostgresqlAddress.parse(database_url).database).replace("\\", "\\\\").replace("'", "\\'")
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
    await _run("pg_restore", *options, f"--dbname=dbname='{name}'", str(path), database_url=database_url)


def _require_known(connection: Connection) -> None:
    found = revision(connection)
    if not knows(found):
        raise MaintenanceRefused(f"The schema version of the dump is unknown: {found or 'none'}.")


def _server_version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000


async def _require_version(program: str, server: int) -> None:
    found = re.search(r"\b(\d+)", await _run(program, "--version"))
    if found is None or int(found[1]) < server:
        version = found[1] if found else "unknown"
        raise MaintenanceRefused(
            f"{program} has version {version}, which is too old for the server's version {server}."
        )


async def _run(program: str, *options: str, database_url: str | None = None) -> str:
    """The program's output. The password is passed in a way that other users of the machine cannot see."""
    path = shutil.which(program)
    if path is None:
        raise MaintenanceRefused(f"{program} is missing. Install PostgreSQL's client programs (postgresql-client).")
    environment = {**os.environ, **(_connection_of(database_url) if database_url else {})}
    process = await asyncio.create_subprocess_exec(
        path, *options, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise MaintenanceRefused(f"{program} failed: {said[0].removeprefix(f'{program}: ').removeprefix('error: ')}.")
    return output.decode(errors="replace")


def _connection_of(database_url: str) -> dict[str, str]:
    """The variables that tell PostgreSQL's programs how to connect."""
    address = PostgresqlAddress.parse(database_url)
    parts = {
        "PGHOST": ",".join(host for host, _ in address.hosts),
        "PGPORT": address.ports,
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
        "PGCONNECT_TIMEOUT": _SECONDS_TO_CONNECT,
    }
    parts |= {_variable(name): value for name, value in address.parameters.items()}
    return {name: value for name, value in parts.items() if value}


def _variable(parameter: str) -> str:
    return _VARIABLES.get(parameter, f"PG{parameter.upper().replace('_', '')}")
