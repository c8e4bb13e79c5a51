"""Replaces the current database by a backup, and keeps the old one."""

from dataclasses import dataclass
from pathlib import Path

from app.core.database_urls import is_sqlite
from app.db import migrations
from app.ops.maintenance import postgresql_dumps, sqlite_files
from app.ops.maintenance.files import temporary_beside
from app.ops.maintenance.schema import MaintenanceRefused, revision, row_counts, snapshot, sqlite_path


@dataclass(frozen=True)
class Restored:
    """The number of rows in each table now, and where the old contents are kept."""

    counts: dict[str, int]
    kept: str | None


async def undo_interrupted(database_url: str) -> bool:
    """Bring the old contents back if a restore was killed before it was done; returns whether one was.

    On SQLite there is nothing to undo. Raises `MaintenanceRefused`.
    """
    return not is_sqlite(database_url) and await postgresql_dumps.undo_interrupted(database_url)


async def is_half_restored(database_url: str) -> bool:
    """Whether a restore has begun, and its contents are not there."""
    if is_sqlite(database_url):
        return False
    async with snapshot(database_url) as connection:
        # If they are, only the last step is missing, which the next restore does.
        return await connection.run_sync(postgresql_dumps.is_being_restored) and not await connection.run_sync(revision)


async def has_rows(database_url: str) -> bool:
    """Whether there is anything that restoring would replace."""
    if is_sqlite(database_url) and not sqlite_path(database_url).exists():
        return False
    async with snapshot(database_url) as connection:
        return any((await connection.run_sync(row_counts)).values())


async def restore(database_url: str, path: Path) -> Restored:
    """Restore what `backup` has written, and migrate it to the newest version of the schema.

    Raises `MaintenanceRefused`, and leaves everything unchanged in that case.
    """
    if is_sqlite(database_url):
        kept = await _restore_file(sqlite_path(database_url), path)
    else:
        if sqlite_files.is_sqlite_file(path):
            raise MaintenanceRefused(f"{path} is from SQLite. Use `copy` to move it to PostgreSQL.")
        kept = await postgresql_dumps.restore(database_url, path)
        await migrations.upgrade(database_url)
    async with snapshot(database_url) as connection:
        return Restored(await connection.run_sync(row_counts), kept)


async def _restore_file(target: Path, path: Path) -> str | None:
    if postgresql_dumps.is_dump(path):
        raise MaintenanceRefused(f"{path} is from PostgreSQL. Restore it there, then use `copy` to move it to SQLite.")
    sqlite_files.verify(path)
    sqlite_files.require_known(path)
    if sqlite_files.is_in_use(target):
        raise MaintenanceRefused(f"{target} is in use. Stop the server first.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with temporary_beside(target) as part:
        sqlite_files.copy_file(path, part)
        # Before it has its name: should that fail, the present database stays.
        await migrations.upgrade(f"sqlite+aiosqlite:///{part}")
        kept = sqlite_files.put_in_place(part, target)
    return str(kept) if kept else None
