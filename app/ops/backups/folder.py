"""The backups of one database in a folder, which may contain anything else as well."""

import fcntl
import os
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy.engine import make_url

from app.core.config import Settings
from app.core.database_urls import is_sqlite

_TIME = "%Y%m%dT%H%M%SZ"
_BEFORE_MIGRATION = "-before-migration"
# More versions of the schema would be some that nobody returns to.
_KEPT_OF_MIGRATIONS = 2


@dataclass(frozen=True)
class Backup:
    path: Path
    made_at: datetime
    # The version of the schema before a migration, or `None` for the others.
    before_migration: str | None = None


class BackupFolder:
    """Where backups of a database are kept, and how many.

    Their names tell them from any other file, those of another database included: only they are ever removed.
    """

    def __init__(self, path: Path, database_url: str, keep: int) -> None:
        self.path = path
        self.database_url = database_url
        self.keep = keep
        name, place, self._suffix = _identity(database_url)
        self._name = f"{name}-{sha256(place.encode()).hexdigest()[:8]}"
        self._pattern = re.compile(
            rf"{re.escape(self._name)}-(\d{{8}}T\d{{6}}Z)(?:{_BEFORE_MIGRATION}-(\w+))?{re.escape(self._suffix)}"
        )
        self._lock = path / f".{self._name}.lock"

    def newest(self, now: datetime) -> datetime | None:
        """When the newest backup was made that is not from before a migration."""
        made = [each.made_at for each in self._backups(now) if each.before_migration is None and each.made_at <= now]
        return max(made, default=None)

    def last_attempt(self) -> datetime | None:
        """When somebody last began to make one, whatever came of it."""
        try:
            return datetime.fromtimestamp(self._lock.stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def free_name(self, now: datetime, before_migration: str | None = None) -> Path:
        """A file that does not exist yet; call it and create the file while the folder is locked."""
        while True:
            kind = f"{_BEFORE_MIGRATION}-{before_migration}" if before_migration else ""
            path = self.path / f"{self._name}-{now:{_TIME}}{kind}{self._suffix}"
            if not path.exists():
                return path
            now += timedelta(seconds=1)

    def superfluous(self, now: datetime) -> list[Backup]:
        """Those that are more than are kept.

        The others are the newest of each day, however many were made by hand, and of the newest day all; and the newest
        from before a migration for each version, as one that fails is tried again and again.
        """
        found = self._backups(now)
        others = [each for each in found if each.before_migration is None]
        of_migrations = [each for each in found if each.before_migration is not None]
        by_day = _newest_of_each(others, lambda each: each.made_at.date())
        by_version = _newest_of_each(of_migrations, lambda each: each.before_migration)
        kept = {
            *(each.path for each in by_day[: self.keep]),
            *(each.path for each in by_version[: min(self.keep, _KEPT_OF_MIGRATIONS)]),
            *(each.path for each in others if each.made_at.date() == by_day[0].made_at.date()),
        }
        return [each for each in others + of_migrations if each.path not in kept]

    @property
    def pattern(self) -> str:
        """A pattern for the names of all backups, as a shell knows it."""
        return f"{self._name}-*{self._suffix}"

    def newest_size(self, now: datetime) -> int:
        """The size of the newest backup; 0 if there is none."""
        found = self._backups(now)
        return found[0].path.stat().st_size if found else 0

    @contextmanager
    def locked(self, *, wait: bool) -> Iterator[bool]:
        """Let one process at a time make backups here; yields whether it is this one. Creates the folder."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self._lock.exists()
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if is_new:
                self.forget_attempt()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    def note_attempt(self) -> None:
        """Tell other processes that a backup is being made; call it while the folder is locked."""
        os.utime(self._lock)

    def forget_attempt(self) -> None:
        """There was none, or it was interrupted: it may be made at once."""
        os.utime(self._lock, (0, 0))

    def _backups(self, now: datetime) -> list[Backup]:
        """The newest first. Those from the future come last: the clock was wrong, so nobody knows how old they are."""
        try:
            with os.scandir(self.path) as entries:
                names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except FileNotFoundError:
            return []
        found = [each for name in names if (each := self._parsed(name))]
        return sorted(found, key=lambda each: (each.made_at <= now, each.made_at), reverse=True)

    def _parsed(self, name: str) -> Backup | None:
        match = self._pattern.fullmatch(name)
        if match is None:
            return None
        try:
            made_at = datetime.strptime(match[1], _TIME).replace(tzinfo=UTC)
        except ValueError:
            return None
        return Backup(self.path / name, made_at, match[2])


def backup_folder(settings: Settings) -> BackupFolder | None:
    """Where the settings want backups to be, or `None` if they want none."""
    path = settings.backup_dir
    if is_sqlite(settings.direct_url):
        file = make_url(settings.direct_url).database
        if not file or file == ":memory:" or file.startswith("file:"):
            return None
        path = path or Path(file).parent / "backups"
    return BackupFolder(path, settings.direct_url, settings.backup_keep) if path and settings.backup_keep else None


def _newest_of_each(newest_first: Sequence[Backup], key: Callable[[Backup], Hashable]) -> list[Backup]:
    found: dict[Hashable, Backup] = {}
    for each in newest_first:
        found.setdefault(key(each), each)
    return list(found.values())


def _identity(database_url: str) -> tuple[str, str, str]:
    """The database's name as part of a file's, where it is, and how the names of its backups end."""
    if is_sqlite(database_url):
        name, suffix = str(make_url(database_url).database), ".db"
        place = str(Path(name).resolve())
    else:
        # Without the password, which changes, and the options.
        place, suffix = database_url.partition("?")[0].partition("://")[2].rpartition("@")[2], ".dump"
        name = place.rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_]", "_", Path(name).stem)[:60], place, suffix
