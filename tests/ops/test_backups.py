"""Backups that make themselves: when, where, how many, and what becomes of what is in the way."""

import asyncio
import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from app.core import clock
from app.db.migrations import run as run_alembic
from app.db.session import open_database
from app.ops.backups import keeper, schedule
from app.ops.backups.folder import BackupFolder, backup_folder
from app.ops.backups.keeper import BackupKeeper
from app.ops.backups.making import make_backup, version_to_back_up
from app.ops.health import Health
from app.ops.maintenance import sqlite_files
from app.ops.maintenance.schema import MaintenanceRefused
from app.ops.schemas import HealthState
from tests.conftest import settings_for
from tests.support.commands import run_command
from tests.support.databases import Template
from tests.support.rows import a_user
from tests.support.whole_databases import many_users

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SQLITE = "sqlite+aiosqlite:////srv/blog.db"


class At:
    """The clock, set to some time."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    at = At(NOW)
    monkeypatch.setattr(clock, "now", at)
    return at


@pytest.fixture
async def url(template: Template) -> AsyncIterator[str]:
    async with template.copy() as url:
        yield url


def folder_for(path: Path, url: str = SQLITE, keep: int = 7) -> BackupFolder:
    return BackupFolder(path / "backups", url, keep)


def names(folder: BackupFolder) -> list[str]:
    return names_in(folder.path)


def names_in(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir() if each.name[0] != ".")


def put(folder: BackupFolder, *moments: datetime, before_migration: str | None = None) -> None:
    folder.path.mkdir(exist_ok=True)
    for moment in moments:
        folder.free_name(moment, before_migration).touch()


@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (None, "01-31 12:00", True),
        ("01-31 03:00", "01-31 12:00", False),
        ("01-31 02:59", "01-31 12:00", True),
        ("01-31 02:59", "01-31 02:59", False),
        ("01-30 03:00", "01-31 02:59", False),
        ("01-30 03:00", "01-31 03:00", True),
        # The server was down for days.
        ("01-20 03:00", "01-31 02:00", True),
    ],
)
def test_a_backup_is_due_once_a_night(newest: str | None, now: str, due: bool) -> None:
    def parsed(text: str) -> datetime:
        return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)

    assert schedule.is_due(parsed(newest) if newest else None, parsed(now)) is due


@pytest.mark.parametrize(
    ("minutes", "may"), [(None, True), (0, False), (29, False), (30, True), (-1, True), (-60 * 24 * 365, True)]
)
def test_one_that_failed_is_tried_again_after_a_while_whatever_the_clock_did(minutes: int | None, may: bool) -> None:
    tried = None if minutes is None else NOW - timedelta(minutes=minutes)

    assert schedule.may_be_tried(tried, NOW) is may


@pytest.mark.parametrize("keep", [1, 2, 5, 3650])
def test_the_newest_are_kept_and_nothing_else_is_touched(tmp_path: Path, keep: int) -> None:
    folder = folder_for(tmp_path, keep=keep)
    nights = [NOW - timedelta(days=days) for days in range(1, 5)]
    put(folder, *nights)
    for night, version in zip(nights, ("0004", "0003", "0002", "none"), strict=True):
        put(folder, night, before_migration=version)
    name = names(folder)[0]
    others = [
        name.replace(".db", ".dump"),
        f"{name}.gz",
        name.replace("Z.", "Z-mine."),
        name.replace("2026", "9999999"),
        name.replace("202601", "202613"),
        "blog.db",
        f"my-{name}",
        "notes.txt",
    ]
    for other in others:
        (folder.path / other).touch()
    (folder.path / name.replace("T12", "T13")).mkdir()
    (folder.path / name.replace("T12", "T14")).symlink_to(tmp_path / "elsewhere")
    put(folder_for(tmp_path, SQLITE.replace("/srv/", "/srv2/")), *nights)

    found = folder.superfluous(NOW)

    assert [each.made_at for each in found if each.before_migration is None] == nights[keep:]
    assert [each.made_at for each in found if each.before_migration is not None] == nights[min(keep, 2) :]


def test_a_migration_that_fails_again_and_again_leaves_the_backup_from_before_the_last_one(tmp_path: Path) -> None:
    folder = folder_for(tmp_path)
    earlier, *tries = (NOW - timedelta(days=30), *(NOW - timedelta(minutes=number) for number in range(5)))
    put(folder, earlier, before_migration="0002")
    put(folder, *tries, before_migration="0003")

    assert [each.made_at for each in folder.superfluous(NOW)] == tries[1:]


def test_backups_made_by_hand_leave_those_of_other_days(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, keep=3)
    nights = [NOW - timedelta(days=days) for days in range(1, 5)]
    today = [NOW - timedelta(minutes=number) for number in range(10)]
    yesterday = [nights[0] - timedelta(minutes=number) for number in range(1, 4)]
    put(folder, *nights, *today, *yesterday)

    assert [each.made_at for each in folder.superfluous(NOW)] == [*yesterday, *nights[2:]]


def test_backups_from_the_future_count_as_the_oldest(tmp_path: Path) -> None:
    folder = folder_for(tmp_path, keep=2)
    future = [NOW + timedelta(days=days) for days in (1, 400)]
    put(folder, *future)

    assert folder.newest(NOW) is None
    put(folder, NOW)
    assert folder.newest(NOW) == NOW
    assert [each.made_at for each in folder.superfluous(NOW)] == [future[0]]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"database_url": "sqlite:////srv/blog/var/blog.db"}, "/srv/blog/var/backups"),
        ({"database_url": "sqlite:///var/blog.db"}, "var/backups"),
        ({"database_url": "sqlite:///var/blog.db", "backup_dir": "/backups"}, "/backups"),
        ({"database_url": "sqlite:///var/blog.db", "backup_keep": 0}, None),
        ({"database_url": "sqlite:///var/blog.db", "backup_dir": "/backups", "backup_keep": 0}, None),
        ({"database_url": "sqlite:///:memory:"}, None),
        ({"database_url": "postgresql://anna@db/blog"}, None),
        ({"database_url": "postgresql://anna@db/blog", "backup_dir": "/backups"}, "/backups"),
    ],
)
def test_only_sqlite_has_backups_unless_told_otherwise(
    tmp_path: Path, changes: dict[str, Any], where: str | None
) -> None:
    settings = settings_for(**{"var_dir": tmp_path, "backup_keep": 7, **changes})
    folder = backup_folder(settings)

    assert (folder and str(folder.path)) == where


@pytest.mark.parametrize("value", ["s3://bucket/backups", "https://example.com", "a?b", "a\0b", "{file}", "x" * 5000])
def test_what_is_no_folder_is_refused(tmp_path: Path, value: str) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(ValidationError, match=r", such as "):
        settings_for(SQLITE, tmp_path, backup_dir=value.format(file=file))


@pytest.mark.parametrize("value", [-1, 3651, 10**9, "many", "1.5"])
def test_what_is_no_number_of_backups_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValidationError, match="backup_keep"):
        settings_for(SQLITE, tmp_path, backup_keep=value)


def test_the_home_folder_may_be_written_short(tmp_path: Path) -> None:
    assert settings_for(SQLITE, tmp_path, backup_dir="~/backups").backup_dir == Path.home() / "backups"


@pytest.mark.parametrize(
    ("one", "other", "are_the_same"),
    [
        ("sqlite:////a/blog.db", "sqlite:////b/blog.db", False),
        ("sqlite+aiosqlite:////a/x/../blog.db", "sqlite+aiosqlite:////a/blog.db", True),
        ("postgresql://anna:old@db/blog", "postgresql://ben:n%40w@db/blog?ssl=require", True),
        ("postgresql://anna@db/blog", "postgresql://anna@db2/blog", False),
        ("postgresql://anna@db/blog", "postgresql://anna@db/shop", False),
        ("postgresql://db1:5432,db2:5433/blog", "postgresql://anna@db1:5432,db2:5433/blog", True),
    ],
)
def test_backups_of_different_databases_have_different_names(one: str, other: str, are_the_same: bool) -> None:
    patterns = {BackupFolder(Path("x"), url, 1).pattern for url in (one, other)}

    assert (len(patterns) == 1) is are_the_same
    assert all(pattern.startswith(("blog-", "shop-")) and "@" not in pattern for pattern in patterns)


@pytest.mark.process
async def test_a_backup_is_whole_and_private_and_old_ones_go(url: str, tmp_path: Path, at: At) -> None:
    await many_users(url, 3)
    folder = folder_for(tmp_path, url, keep=2)
    old_mask = os.umask(0)
    try:
        for _ in range(4):
            made = await make_backup(folder)
            at.time += timedelta(days=1)
    finally:
        os.umask(old_mask)

    assert made is not None
    assert [finding for finding in made.findings if finding.kind == "finding"] == []
    assert len(names(folder)) == 2
    assert made.path.name == names(folder)[-1]
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()} == {0o600}
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(made.path)) as copy:
            assert copy.execute("SELECT count(*) FROM users").fetchone() == (3,)
            # One file, that needs nothing beside it.
            assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.process
async def test_the_new_one_stays_when_the_clock_is_set_back(
    template: Template, url: str, tmp_path: Path, at: At
) -> None:
    if not template.is_sqlite:
        pytest.skip("the files are the same")
    folder = folder_for(tmp_path, url, keep=1)
    await add_user(url)
    await make_backup(folder)
    at.time -= timedelta(days=30)
    made = await make_backup(folder)
    assert made is not None

    assert names(folder) == [made.path.name]
    # A server would not make another one until the next night.
    assert not schedule.is_due(folder.newest(clock.now()), clock.now())


@pytest.mark.process
async def test_an_empty_blog_removes_no_backups_of_the_one_whose_place_it_takes(url: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, url, keep=2)
    put(folder, *(NOW - timedelta(days=days) for days in range(1, 5)))

    await make_backup(folder)
    assert len(names(folder)) == 5
    await add_user(url)
    await make_backup(folder)

    # Both of today, and one of another day.
    assert len(names(folder)) == 3


async def add_user(url: str) -> None:
    database = open_database(url)
    async with database.writing() as session, session.begin():
        session.add(a_user())
    await database.dispose()


@pytest.mark.process
async def test_what_was_interrupted_is_removed_and_what_was_not_is_not(
    template: Template, url: str, tmp_path: Path, at: At
) -> None:
    if not template.is_sqlite:
        pytest.skip("the files are the same")
    folder = folder_for(tmp_path, url)
    made = await make_backup(folder)
    assert made is not None
    draft = folder.path / f"{made.path.name.replace('T12', 'T11')}.abcd_123.part"
    draft.mkdir()
    (draft / "half").write_bytes(b"half a database")
    others = folder.path / "holidays.abcd_123.part"
    others.mkdir()

    at.time += timedelta(days=1)
    await make_backup(folder)

    assert not draft.exists()
    assert others.exists()


@pytest.mark.process
async def test_a_damaged_database_pushes_no_good_backup_out(
    template: Template, url: str, tmp_path: Path, at: At
) -> None:
    if not template.is_sqlite:
        pytest.skip("damages a file")
    await many_users(url, 500)
    folder = folder_for(tmp_path, url, keep=1)
    await make_backup(folder)
    before = names(folder)
    damage_an_index(Path(str(make_url(url).database)))
    at.time += timedelta(days=1)

    with pytest.raises(MaintenanceRefused, match=r"damaged|malformed"):
        await make_backup(folder)

    assert names(folder) == before


def damage_an_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'users' AND type = 'index'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size + 8 : page * size] = bytes(size - 8)
    path.write_bytes(bytes(content))


async def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    template: Template, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not template.is_sqlite:
        pytest.skip("pg_dump says it")

    def fill_up(_source: Path, draft: Path) -> None:
        draft.write_bytes(b"half")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite_files, "copy_file", fill_up)
    folder = folder_for(tmp_path, url)
    with pytest.raises(MaintenanceRefused, match="cannot be backed up: database or disk is full"):
        await make_backup(folder)

    assert names(folder) == []


@pytest.mark.parametrize("obstacle", ["file", "read-only", "full"])
async def test_what_is_in_the_way_is_said(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    folder = folder_for(tmp_path, url)
    if obstacle == "file":
        folder.path.touch()
        reason = "File exists"
    elif obstacle == "read-only":
        folder = BackupFolder(Path("/proc/backups"), url, 7)
        reason = "No such file or directory"
    else:
        usage = shutil._ntuple_diskusage(10**9, 10**9 - 5_000_000, 5_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        reason = r"needs 1\d\.\d MB of free space, and there are 5\.0 MB"

    with pytest.raises(MaintenanceRefused, match=rf"No backup can be made in .*: .*{reason}"):
        await make_backup(folder)

    assert obstacle != "full" or names(folder) == []


async def test_one_at_a_time(url: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, url)
    with folder.locked(wait=False) as is_mine:
        assert is_mine
        assert await make_backup(folder, wait=False) is None
    # Somebody else has been quicker.
    assert await make_backup(folder, is_wanted=lambda: False) is None
    assert names(folder) == []


@pytest.mark.process
async def test_sqlite_is_backed_up_before_a_migration(template: Template, url: str, tmp_path: Path) -> None:
    settings = settings_for(url, tmp_path)
    path = tmp_path / "backups"
    options = {"BACKUP_DIR": str(path)}

    assert not await version_to_back_up(url)
    await run_alembic(url, command.downgrade, "-1")
    version = await version_to_back_up(url)
    assert (version is not None) is template.is_sqlite
    if not template.is_sqlite:
        return
    refused = await run_command(settings, "commands.migrate", BACKUP_DIR="/proc/backups")
    assert refused.exit_code == 1
    assert "Nothing was migrated" in refused.stderr
    assert await version_to_back_up(url)

    told = (await run_command(settings, "commands.migrate", **options)).stdout
    assert "before the migration" in told
    assert [name.partition("Z")[2] for name in names_in(path)] == [f"-before-migration-{version}.db"]
    assert not await version_to_back_up(url)
    await run_command(settings, "commands.migrate", **options)
    assert len(names_in(path)) == 1

    await run_alembic(url, command.downgrade, "-1")
    await run_command(settings, "commands.migrate", **options, BACKUP_KEEP="0")
    assert len(names_in(path)) == 1


async def test_a_new_database_needs_no_backup(template: Template, tmp_path: Path) -> None:
    async with template.empty() as url:
        assert not await version_to_back_up(url)
    assert not await version_to_back_up(f"sqlite+aiosqlite:///{tmp_path}/missing.db")


def keeper_for(url: str, tmp_path: Path, **changes: Any) -> BackupKeeper:
    return BackupKeeper(
        settings_for(url, tmp_path, **{"backup_dir": tmp_path / "backups", "backup_keep": 7, **changes})
    )


async def look(kept: BackupKeeper, stopping: asyncio.Event | None = None) -> None:
    assert kept._folder is not None
    await kept._look(kept._folder, stopping or asyncio.Event())


@pytest.mark.process
async def test_the_server_makes_one_a_night_in_a_process_of_its_own(
    url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = keeper_for(url, tmp_path)
    folder = folder_for(tmp_path, url)

    with caplog.at_level(logging.INFO, keeper.__name__):
        await look(kept)
        # Not while it has just been started.
        assert not folder.path.exists()
        await look(kept)
        await look(kept)

    assert len(names(folder)) == 1
    assert [record.getMessage()[:13] for record in caplog.records] == ["backed up to "]
    part = kept.health()
    assert part is not None
    assert part.state is HealthState.OK


@pytest.mark.process
async def test_what_fails_is_logged_once_and_tried_again_after_a_pause(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keeper_for(f"sqlite+aiosqlite:///{tmp_path}/missing.db", tmp_path)
    for _ in range(3):
        await look(kept)
    monkeypatch.setattr(schedule, "RETRY_AFTER", timedelta())
    await look(kept)

    lines = [(record.levelno, record.getMessage()) for record in caplog.records if record.name == keeper.__name__]
    assert len([line for level, line in lines if level == logging.ERROR and "missing.db does not exist" in line]) == 1


@pytest.mark.process
async def test_stopping_the_server_stops_the_backup(url: str, tmp_path: Path) -> None:
    kept = keeper_for(url, tmp_path)
    await look(kept)
    stopping = asyncio.Event()
    stopping.set()

    await asyncio.wait_for(look(kept, stopping), 20)

    folder = folder_for(tmp_path, url)
    assert not folder.path.exists() or names(folder) == []


@pytest.mark.parametrize(
    ("age", "state", "detail"),
    [
        (timedelta(), "ok", None),
        (timedelta(hours=25, minutes=59), "ok", None),
        (timedelta(hours=26, minutes=1), "degraded", "The newest backup is 26 hours old."),
        (timedelta(days=10), "degraded", "The newest backup is 240 hours old."),
        (None, "degraded", "There is no backup."),
    ],
)
async def test_a_late_backup_shows_but_keeps_no_reader_away(
    database: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    age: timedelta | None,
    state: str,
    detail: str | None,
) -> None:
    kept = keeper_for(SQLITE, tmp_path)
    if age is None:
        part = (await Health(None, kept).parts(database))["backup"]
        assert part.state == "ok"
        monkeypatch.setattr(keeper, "FIRST_WITHIN_SECONDS", 0)
    else:
        kept._newest = clock.now() - age

    part = (await Health(None, kept).parts(database))["backup"]

    assert (part.state, part.detail) == (state, detail)


async def test_without_backups_health_says_nothing_of_them(database: Any, tmp_path: Path) -> None:
    assert "backup" not in await Health(None, keeper_for(SQLITE, tmp_path, backup_keep=0)).parts(database)


async def test_a_backup_by_hand_is_one_of_those(url: str, tmp_path: Path) -> None:
    settings = settings_for(url, tmp_path)

    refused = await run_command(settings, "commands.db", "backup", BACKUP_KEEP="0")
    assert refused.exit_code == 1
    assert "There is no folder for backups" in refused.stderr
    done = await run_command(settings, "commands.db", "backup", BACKUP_DIR=str(tmp_path / "backups"))
    assert done.exit_code == 0, done.output
    assert len(names(folder_for(tmp_path, url))) == 1
