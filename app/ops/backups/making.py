"""Makes a backup, verifies it, and only then removes old ones."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from sqlalchemy import exists, inspect, select, table
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.database_urls import is_sqlite
from app.core.sizes import size_of
from app.ops.backups.folder import BackupFolder
from app.ops.maintenance import postgresql_dumps, sqlite_files
from app.ops.maintenance.checks import check
from app.ops.maintenance.files import atomic_write, remove_abandoned
from app.ops.maintenance.findings import Finding
from app.ops.maintenance.schema import (
    MaintenanceRefused,
    head,
    revision,
    snapshot,
    sqlite_path,
    sqlite_url,
)

# What stays free on the disk, so that the blog can go on: a tenth of the backup's size, and this much.
_SPARE_BYTES = 16_000_000
_DAMAGE = "integrity"
_ANY_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1"


@dataclass(frozen=True)
class Made:
    """A new backup: its file, and what the check of it has found."""

    path: Path
    size: int
    seconds: float
    findings: Sequence[Finding]


async def make_backup(
    folder: BackupFolder,
    *,
    before_migration: str | None = None,
    wait: bool = True,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Made | None:
    """Make a backup that is verified as `commands.db check` does it, and remove those that are too many.

    `None` if somebody else is making one, unless this is to wait for them, or if it is not wanted once it is our turn.
    Raises `MaintenanceRefused`, and leaves what is there in that case.
    """
    if is_sqlite(folder.database_url) and not (source := sqlite_path(folder.database_url)).exists():
        raise MaintenanceRefused(f"The database {source} does not exist.")
    try:
        with folder.locked(wait=wait) as is_mine:
            if not is_mine or not is_wanted():
                return None
            folder.note_attempt()
            try:
                made = await _make(folder, before_migration)
            except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
                folder.forget_attempt()
                raise
            for each in folder.superfluous(clock.now()) if await _has_users(folder.database_url) else []:
                # Never the new one: if the clock has been set back, that could be taken for an old one.
                if each.path != made.path:
                    each.path.unlink(missing_ok=True)
            return made
    except OSError as error:
        raise MaintenanceRefused(f"No backup can be made in {folder.path}: {_reason(error)}.") from error


async def version_to_back_up(database_url: str) -> str | None:
    """The version of a schema that a migration would change, if there is anything in it, on SQLite only."""
    if not is_sqlite(database_url):
        return None
    path = sqlite_path(database_url)
    if not path.exists() or not path.stat().st_size:
        return None
    async with snapshot(database_url) as connection:
        version = await connection.run_sync(revision)
        if version == head() or not await connection.run_sync(lambda sync: sync.exec_driver_sql(_ANY_TABLE).first()):
            return None
        return version or "none"


async def _has_users(database_url: str) -> bool:
    """Whether it is more than an empty blog, which may have taken the place of one that was lost."""
    async with snapshot(database_url) as connection:
        return await connection.run_sync(lambda sync: inspect(sync).has_table("users")) and bool(
            await connection.scalar(select(exists().select_from(table("users"))))
        )


async def _make(folder: BackupFolder, before_migration: str | None) -> Made:
    started = perf_counter()
    remove_abandoned(folder.path, folder.pattern)
    target = folder.free_name(clock.now(), before_migration)
    _require_space(folder)
    save = _save_file if is_sqlite(folder.database_url) else _save_dump
    findings = await save(folder.database_url, target)
    if before_migration:
        findings = [finding for finding in findings if finding.check != "migrations"]
    return Made(target, target.stat().st_size, perf_counter() - started, findings)


async def _save_file(database_url: str, target: Path) -> list[Finding]:
    source = sqlite_path(database_url)
    with atomic_write(target, replace=True) as part:
        try:
            await asyncio.to_thread(sqlite_files.copy_file, source, part)
        except sqlite3.Error as error:
            raise MaintenanceRefused(f"{source} cannot be backed up: {error}.") from error
        try:
            findings = await check(sqlite_url(part))
        except DBAPIError as error:
            raise MaintenanceRefused(f"{source} is damaged: {error.orig}.") from error
        sqlite_files.close(part)
        damage = [str(finding) for finding in findings if finding.check == _DAMAGE]
        if damage:
            raise MaintenanceRefused(f"{source} is damaged: {'; '.join(damage)}.")
    return findings


async def _save_dump(database_url: str, target: Path) -> list[Finding]:
    await postgresql_dumps.backup(database_url, target, replace=True)
    return await check(database_url)


def _require_space(folder: BackupFolder) -> None:
    needed = int(_expected_size(folder) * 1.1) + _SPARE_BYTES
    free = shutil.disk_usage(folder.path).free
    if free < needed:
        raise MaintenanceRefused(
            f"No backup can be made in {folder.path}: it needs {size_of(needed)} of free space, "
            f"and there are {size_of(free)}."
        )


def _expected_size(folder: BackupFolder) -> int:
    """As large as the database; a dump is compressed, and the last one tells how well that works."""
    if not is_sqlite(folder.database_url):
        return folder.newest_size(clock.now())
    path = sqlite_path(folder.database_url)
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
