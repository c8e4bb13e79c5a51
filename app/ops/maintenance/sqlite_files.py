"""Backs up and restores a SQLite database, which is one file, or several while it is in use."""

import glob
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from app.core import clock
from app.ops.maintenance.files import atomic_write, flush, flush_folder, keep
from app.ops.maintenance.schema import MaintenanceRefused, knows, tables

# Between the steps others get to run; whoever writes does not wait for any of them.
_PAGES_A_STEP = 256
_MAGIC = b"SQLite format 3\x00"


def is_in_use(path: Path) -> bool:
    """Whether any connection is open to this database, including idle ones."""
    if not path.exists():
        return False
    with _translated(path), closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                return True
            raise
        connection.execute("ROLLBACK")
    return False


def backup(source: Path, target: Path, report: Callable[[int, int], None], *, replace: bool) -> dict[str, int]:
    """Write a snapshot of the database to one file; returns the number of rows in each table.

    `report` is called with the number of pages done and the total. Raises `MaintenanceRefused`.
    """
    if not source.exists():
        raise MaintenanceRefused(f"The database {source} does not exist.")
    with atomic_write(target, replace=replace) as part, _translated(source):
        copy_file(source, part, report)
        return verify(part)


def copy_file(source: Path, target: Path, report: Callable[[int, int], None] = lambda *_: None) -> None:
    """A copy of a database that may be written to meanwhile."""
    with closing(_opened(source)) as origin, closing(sqlite3.connect(target)) as copy:
        # A view of one moment for all the steps: each write of others would otherwise make it begin again.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        origin.backup(copy, pages=_PAGES_A_STEP, progress=lambda _, left, total: report(total - left, total), sleep=0)
        # One file, with nothing beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def verify(path: Path) -> dict[str, int]:
    """The number of rows in each table of a backup. Raises `MaintenanceRefused` if it is damaged."""
    if not is_sqlite_file(path):
        raise MaintenanceRefused(f"{path} is not an SQLite database.")
    with _translated(path), closing(_opened(path)) as connection:
        problems = [sentence for (sentence,) in connection.execute("PRAGMA integrity_check(5)") if sentence != "ok"]
        if problems:
            raise MaintenanceRefused(f"{path} is damaged: {'; '.join(problems)}.")
        present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {
            table.name: connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]  # noqa: S608
            for table in tables()
            if table.name in present
        }


def is_sqlite_file(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def require_known(path: Path) -> None:
    """Refuse a file that is not a blog, or is from a newer version of the software."""
    with _translated(path), closing(_opened(path)) as connection:
        try:
            found = [version for (version,) in connection.execute("SELECT version_num FROM alembic_version")]
        except sqlite3.OperationalError:
            raise MaintenanceRefused(f"{path} is a database, but not a blog's.") from None
    if len(found) != 1 or not knows(found[0]):
        raise MaintenanceRefused(f"The schema version of {path} is unknown: {', '.join(found) or 'none'}.")


def put_in_place(part: Path, target: Path) -> Path | None:
    """Rename a database to `target`, keeping what was there. Raises `MaintenanceRefused` if that is in use.

    There is a database of that name at any moment: whoever started a server on none would get an empty blog.
    """
    close(part)
    flush(part)
    kept = None
    if target.exists():
        close(target)
        kept = _kept(target)
    part.replace(target)
    flush_folder(target.parent)
    return kept


def _kept(target: Path) -> Path:
    """Another name for what is about to be replaced."""
    for name in target.parent.glob(f"{glob.escape(target.name)}.replaced-*"):
        if name.samefile(target):
            # Of a restore that was killed just then.
            name.unlink()
    now = clock.now()
    while (kept := target.with_name(f"{target.name}.replaced-{now:%Y%m%d-%H%M%S}")).exists():
        now += timedelta(seconds=1)
    keep(target, kept)
    return kept


def close(path: Path) -> None:
    """Merge the write-ahead log into the database file, which works only if no one else has it open."""
    with _translated(path), closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise MaintenanceRefused(f"{path} is in use ({error}). Stop the server first.") from error


def _opened(path: Path) -> sqlite3.Connection:
    """A read-only connection."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise MaintenanceRefused(f"{path} cannot be used: {error}.") from error
