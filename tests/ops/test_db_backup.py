"""Saving a database, and putting it back."""

import errno
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, func, select, text
from sqlalchemy.engine import make_url
from typer.testing import Result

from app.accounts.models import User
from app.db.migrations import run as run_alembic
from app.ops.maintenance import postgresql_dumps, sqlite_files
from app.ops.maintenance.checks import check
from app.ops.maintenance.schema import sqlite_path
from commands.db import backing_up
from tests.conftest import settings_for
from tests.support.commands import run_command
from tests.support.databases import Template
from tests.support.rows import counts, opened
from tests.support.whole_databases import everything_in, execute, fill_with_odd_rows, many_users

# Whole databases are saved and restored, by programs of PostgreSQL where it is one of its.
pytestmark = pytest.mark.process


class Blog:
    """A database, and the commands that save and restore it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.backup = folder / "backup"
        self.name = Path(str(make_url(url).database)).name

    async def run(self, *arguments: str | Path, **options: str) -> Result:
        words = [str(argument) for argument in arguments]
        return await run_command(settings_for(self.url, self.folder), "commands.db", *words, **options)

    async def done(self, *arguments: str | Path, **options: str) -> str:
        result = await self.run(*arguments, **options)
        assert result.exit_code == 0, result.output
        return result.stdout

    async def refused(self, *arguments: str | Path, **options: str) -> str:
        result = await self.run(*arguments, **options)
        assert result.exit_code == 1, result.output
        return result.stderr

    async def refused_with_output(self, *arguments: str | Path) -> str:
        result = await self.run(*arguments)
        assert result.exit_code == 1, result.output
        return result.output


@pytest.fixture
async def blog(template: Template, tmp_path: Path) -> AsyncIterator[Blog]:
    if not template.is_sqlite:
        require_programs()
    async with template.copy() as url:
        yield Blog(url, tmp_path)


def require_programs() -> None:
    program = shutil.which("pg_dump")
    if program is None or int(re.findall(r"\d+", subprocess.check_output([program, "--version"], text=True))[0]) < 15:
        pytest.skip("PostgreSQL's client programs are not there, or too old")


async def test_what_was_saved_comes_back(blog: Blog) -> None:
    await fill_with_odd_rows(blog.url)
    before = await everything_in(blog.url)

    told = await blog.done("backup", blog.backup)

    assert re.search(rf"Wrote {blog.backup}: [\d.]+ [kM]B in [\d.]+ s\.", told)
    assert re.search(r"articles +2", told)
    assert "Back up .env as well" in told
    assert stat.S_IMODE(blog.backup.stat().st_mode) == 0o600
    assert "Use --force to replace it" in await blog.refused("backup", blog.backup)
    await blog.done("backup", blog.backup, "--force")

    await many_users(blog.url, 1)
    changed = await counts(blog.url)
    assert "--replace" in await blog.refused("restore", blog.backup)
    assert "Nothing was changed" in await blog.refused("restore", blog.backup, "--replace", stdin="no\n")
    assert await counts(blog.url) == changed
    told = await blog.done("restore", blog.backup, "--replace", stdin=f"{blog.name}\n")

    assert "kept as" in told
    assert await everything_in(blog.url) == before
    async with opened(blog.url) as database, database.writing() as session:
        kept = re.findall(r"kept as (\S+)\.\n", told)[0]
        if blog.url.startswith("sqlite"):
            await session.execute(text(f"ATTACH '{kept}' AS kept"))
            kept = "kept"
        users = cast("Table", User.__table__).to_metadata(MetaData(), schema=kept)
        assert await session.scalar(select(func.count()).select_from(users)) == changed["users"]
    assert [path.name for path in blog.folder.iterdir() if path.suffix == ".part"] == []


async def test_a_backup_of_an_older_version_is_brought_to_the_newest(template: Template, blog: Blog) -> None:
    await many_users(blog.url, 2)
    await run_alembic(blog.url, command.downgrade, "-1")
    await blog.done("backup", blog.backup)
    async with template.empty() as url:
        elsewhere = Blog(url, blog.folder)

        told = await elsewhere.done("restore", blog.backup)

        assert "kept" not in told
        assert (await counts(url))["users"] == 2
        assert await check(url) == []


async def test_what_cannot_be_restored_leaves_everything_as_it_was(template: Template, blog: Blog) -> None:
    await many_users(blog.url, 2)
    newest = await everything_in(blog.url)
    await blog.done("backup", blog.backup)
    cut = blog.folder / "cut"
    cut.write_bytes(blog.backup.read_bytes()[: blog.backup.stat().st_size * 2 // 3])
    other = blog.folder / "other"
    other.write_bytes(b"PGDMP" if template.is_sqlite else b"SQLite format 3\x00")
    async with template.copy() as url:
        await execute(url, "UPDATE alembic_version SET version_num = '9999'")
        await Blog(url, blog.folder).done("backup", blog.folder / "newer")

    async def refusal(path: Path) -> str:
        return await blog.refused("restore", path, "--replace", stdin=f"{blog.name}\n")

    assert re.search(r"The schema version of .+ is unknown: 9999\.", await refusal(blog.folder / "newer"))
    assert "is from " in await refusal(other)
    assert re.search("damaged|malformed|cannot be used|failed", await refusal(cut))
    (blog.folder / "text").write_text("no backup")
    assert "is not a" in await refusal(blog.folder / "text")
    async with opened(blog.url) as database, database.reading() as session:
        await session.execute(text("SELECT 1 FROM users"))
        assert "in use" in await refusal(blog.backup)
    assert await everything_in(blog.url) == newest
    assert await check(blog.url) == []


async def test_a_restore_that_is_killed_leaves_what_was_there(
    template: Template, blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many_users(blog.url, 2)
    saved = await everything_in(blog.url)
    await blog.done("backup", blog.backup)
    await execute(blog.url, "UPDATE users SET bio = 'changed'")
    before = await everything_in(blog.url)

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    # The last thing that happens, and on PostgreSQL the first after the old contents have been set aside.
    with monkeypatch.context() as patched:
        if template.is_sqlite:
            patched.setattr(Path, "replace", die)
        else:
            patched.setattr(postgresql_dumps, "_restore", die)
            patched.setattr(postgresql_dumps, "_put_back", die)
        await blog.run("restore", blog.backup, "--replace", stdin=f"{blog.name}\n")

    if not template.is_sqlite:
        # Nobody makes an empty blog of it.
        refused = await run_command(settings_for(blog.url, blog.folder), "commands.migrate")
        assert refused.exit_code == 1
        assert "A restore of this database was interrupted" in refused.stderr
        assert "The data from before it is back" in await blog.refused_with_output("restore", blog.backup)
    assert await everything_in(blog.url) == before
    await blog.done("restore", blog.backup, "--replace", stdin=f"{blog.name}\n")
    assert await everything_in(blog.url) == saved
    assert await check(blog.url) == []


async def test_there_is_a_database_at_any_moment_even_without_links(
    template: Template, blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not template.is_sqlite:
        pytest.skip("the server has the file")
    await many_users(blog.url, 2)
    saved = await everything_in(blog.url)
    await blog.done("backup", blog.backup)
    path = sqlite_path(blog.url)

    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    rename = Path.replace

    def renamed(source: Path, target: Path) -> Path:
        found = rename(source, target)
        assert path.exists()
        return found

    monkeypatch.setattr(Path, "hardlink_to", none)
    monkeypatch.setattr(Path, "replace", renamed)
    await blog.done("restore", blog.backup, "--replace", stdin=f"{blog.name}\n")

    assert await everything_in(blog.url) == saved
    (kept,) = path.parent.glob(f"{path.name}.replaced-*")
    assert await everything_in(f"sqlite+aiosqlite:///{kept}") == saved
    assert list(path.parent.glob("*.part")) == []


async def test_a_restore_that_is_killed_at_its_very_end_is_done(
    template: Template, blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    if template.is_sqlite:
        pytest.skip("it ends with a rename")
    await many_users(blog.url, 2)
    saved = await everything_in(blog.url)
    await blog.done("backup", blog.backup)
    await execute(blog.url, "UPDATE users SET bio = 'changed'")

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(postgresql_dumps, "_forget", die)
        patched.setattr(postgresql_dumps, "_put_back", die)
        await blog.run("restore", blog.backup, "--replace", stdin=f"{blog.name}\n")

    # What was restored is all there, and nothing of it may be undone.
    migrated = await run_command(settings_for(blog.url, blog.folder), "commands.migrate")
    assert migrated.exit_code == 0, migrated.output
    assert "not empty" in await blog.refused("restore", blog.backup)
    assert await everything_in(blog.url) == saved
    assert await check(blog.url) == []


async def test_a_backup_is_of_one_moment_while_others_write(
    template: Template, blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not template.is_sqlite:
        pytest.skip("pg_dump sees to it")
    await many_users(blog.url, 100)
    path = str(make_url(blog.url).database)
    written = []

    @contextmanager
    def writing() -> Iterator[Callable[[int, int], None]]:
        with closing(sqlite3.connect(path, timeout=0)) as other:

            def write(done: int, _total: int) -> None:
                other.execute("UPDATE users SET bio = ?", (f"{done}",))
                other.commit()
                written.append(done)

            yield write

    monkeypatch.setattr(sqlite_files, "_PAGES_A_STEP", 8)
    monkeypatch.setattr(backing_up, "page_progress", writing)
    await blog.done("backup", blog.backup)

    assert len(written) > 3
    with closing(sqlite3.connect(blog.backup)) as copy:
        assert copy.execute("SELECT DISTINCT bio FROM users").fetchall() == [("",)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert [path.name for path in blog.folder.iterdir() if path.name.startswith("backup")] == ["backup"]


async def test_what_pg_dump_lacks_is_said(template: Template, blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    if template.is_sqlite:
        missing = Blog(f"sqlite+aiosqlite:///{blog.folder}/missing.db", blog.folder)
        assert "missing.db does not exist" in await missing.refused("backup", blog.backup)
        assert "cannot be written" in await blog.refused("backup", blog.folder / "no" / "folder")
        return
    assert "pg_dump is missing" in await blog.refused("backup", blog.backup, PATH="/nowhere")
    monkeypatch.setattr(postgresql_dumps, "_server_version", lambda _: 99)
    assert "too old for the server's version 99" in await blog.refused("backup", blog.backup)
    assert not blog.backup.exists()


@pytest.mark.parametrize(("parameter", "seconds"), [("", "10"), ("&connect_timeout=3", "3")])
def test_passwords_reach_postgresqls_programs_by_their_environment(parameter: str, seconds: str) -> None:
    url = f"postgresql+asyncpg://anna:p%40ss%20word@db.example.com:5433/blog?ssl=require{parameter}"

    assert postgresql_dumps._connection_of(url) == {
        "PGHOST": "db.example.com",
        "PGPORT": "5433",
        "PGUSER": "anna",
        "PGPASSWORD": "p@ss word",
        "PGDATABASE": "blog",
        "PGSSLMODE": "require",
        "PGCONNECT_TIMEOUT": seconds,
    }
