"""Moving a blog from one database to another."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Table, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from typer.testing import Result

from app.db.base import Base
from app.db.migrations import run as run_alembic
from app.ops.maintenance import copying
from app.ops.maintenance.checks import check
from app.ops.maintenance.table_rows import plain
from tests.conftest import settings_for
from tests.support.commands import environment_of, run_command
from tests.support.databases import Template
from tests.support.rows import a_mail, counts, opened
from tests.support.whole_databases import (
    BIG,
    LAST_MAIL,
    empty_elsewhere,
    everything_in,
    execute,
    fill_with_odd_rows,
    many_users,
)

# Whole databases are copied, and programs of PostgreSQL started.
pytestmark = pytest.mark.process
MODULE = "commands.db"
USERS = 10
# What SQLite lets into columns, and what is said of it.
INVALID = {
    "bio": ("'a' || char(0) || 'b'", "contains a NUL character"),
    "avatar_url": ("x'00ff'", "is not text"),
    "display_name": ("printf('%101s', '')", "is longer than 100 characters"),
    "created_at": ("'yesterday'", "is not a date and time"),
    "is_active": ("2", "is neither true nor false"),
    "token_version": ("2147483648", "is too large a number"),
    "article_count": ("'many'", "is not an integer"),
}
# Runs the command in a process that is stopped when the second part of the users has not been committed yet.
KILLED = """
import os, sys
from app.ops.maintenance import copying, reading

reading.BATCH_ROWS = 3
insert, parts = copying.insert, []

async def insert_or_die(target, table, rows):
    await insert(target, table, rows)
    parts.append(table.name)
    if parts.count("users") == 2:
        os.kill(os.getpid(), int(os.environ["BY"]))

copying.insert = insert_or_die
from commands.db import cli
cli(sys.argv[1:])
"""


@pytest.fixture
async def source(template: Template) -> AsyncIterator[str]:
    async with template.copy() as url:
        yield url


@pytest.fixture
async def target(template: Template, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database on the other system."""
    async with empty_elsewhere(template, tmp_path) as url:
        yield url


async def copy(source: str, target: str, *options: str) -> Result:
    folder = Path(make_url(target).database or "").parent if target.startswith("sqlite") else Path("/tmp")  # noqa: S108
    return await run_command(settings_for(target, folder), MODULE, "copy", "--from", source, "--to", target, *options)


def last_line(result: Result) -> str:
    return result.stderr.strip().splitlines()[-1]


async def test_everything_arrives_and_comes_back(template: Template, source: str, target: str) -> None:
    await fill_with_odd_rows(source)
    before = await everything_in(source)
    assert before.keys() == Base.metadata.tables.keys()
    assert all(before.values()), "every table is to have rows"
    assert max(row[0] for row in before["tags"]) == BIG

    there = await copy(source, target)
    assert there.exit_code == 0, there.output
    assert await everything_in(target) == before
    assert [finding for finding in await check(target) if finding.kind == "finding"] == []
    async with template.empty() as home:
        assert (await copy(target, home)).exit_code == 0
        assert await everything_in(home) == before
    await require_like_any_other(target)


async def require_like_any_other(target: str) -> None:
    """Ids go on where they were, references are looked after, triggers count and forbid."""
    async with opened(target) as database, database.writing() as session:
        mail = a_mail()
        session.add(mail)
        await session.flush()
        assert mail.id == LAST_MAIL + 1
        for forbidden in ("DELETE FROM audit_events", "UPDATE articles SET author_id = 4711"):
            with pytest.raises(DBAPIError):
                async with session.begin_nested():
                    await session.execute(text(forbidden))
        await session.execute(text("UPDATE articles SET status = 'draft'"))
        assert (await session.scalar(text("SELECT sum(article_count) FROM users"))) == 0


async def test_a_copy_that_was_stopped_goes_on_where_it_was(
    template: Template, source: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One of each, on the one and on the other.
    number, code = (signal.SIGKILL, -signal.SIGKILL) if template.is_sqlite else (signal.SIGINT, 130)
    await many_users(source, USERS)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED, "copy", "--from", source, "--to", target),
        env={**environment_of(settings_for(target, tmp_path)), "BY": str(int(number))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == code
    told = "Interrupted. Run the same command again to resume.\n" if number is signal.SIGINT else ""
    assert errors.decode() == told

    assert (await counts(target))["users"] == 3
    half = await run_command(settings_for(target, tmp_path), MODULE, "check")
    assert "half-copied" in half.stdout
    served = await run_command(settings_for(target, tmp_path), "commands.migrate")
    assert (served.exit_code, "half-copied" in served.stderr) == (3, True)
    assert "is an unfinished copy" in last_line(await copy(source, target, "--verify-only"))
    assert "is an unfinished copy" in last_line(await copy(target, source))
    other = f"sqlite+aiosqlite:///{tmp_path}/other.db"
    assert (await run_command(settings_for(other, tmp_path), "commands.migrate")).exit_code == 0
    assert "The target has an unfinished copy of" in last_line(await copy(other, target))

    inserted = []

    async def noted(to: Any, table: Table, rows: list[Any]) -> None:
        inserted.extend([table.name] * len(rows))
        await insert(to, table, rows)

    insert = copying.insert
    monkeypatch.setattr(copying, "insert", noted)
    resumed = await copy(source, target)

    assert resumed.exit_code == 0, resumed.output
    assert inserted.count("users") == USERS - 3
    assert await everything_in(target) == await everything_in(source)
    assert await check(target) == []
    assert (await copy(source, target, "--verify-only")).exit_code == 0
    await require_tampering_is_found(source, target)


async def test_a_source_that_was_written_to_meanwhile_is_noticed(
    source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many_users(source, USERS)

    async def overtaken(to: Any, table: Table, rows: list[Any]) -> None:
        await insert(to, table, rows)
        await execute(source, "UPDATE users SET bio = bio || 'x' WHERE username = 'user-1'")

    insert = copying.insert
    monkeypatch.setattr(copying, "insert", overtaken)
    result = await copy(source, target)
    monkeypatch.undo()

    assert result.exit_code == 1
    assert last_line(result).startswith("The databases differ in users. Was the source changed meanwhile?")
    assert (await run_command(settings_for(target, Path("/")), "commands.migrate")).exit_code == 3
    again = await copy(source, target, "--start-over")
    assert again.exit_code == 0, again.output
    assert await everything_in(target) == await everything_in(source)
    assert await check(target) == []


async def require_tampering_is_found(source: str, target: str) -> None:
    last = (await everything_in(source))["users"][-1][0]
    await execute(
        target,
        f"UPDATE users SET token_version = 1 WHERE id = {last - 5}",  # noqa: S608
        f"DELETE FROM users WHERE id = {last - 3}",  # noqa: S608
        f"UPDATE users SET id = {last + 7} WHERE id = {last}",  # noqa: S608
    )

    found = await copy(source, target, "--verify-only")

    assert (found.exit_code, last_line(found)) == (1, "The databases differ in users.")
    line = next(line for line in found.stdout.splitlines() if line.strip().startswith("users "))
    assert line.split()[1:3] == [str(USERS), str(USERS - 1)]
    assert f"#{last - 5}, #{last - 3}, #{last}, #{last + 7}" in line


async def test_what_postgresql_would_refuse_is_reported_before_anything_is_copied(
    template: Template, source: str, tmp_path: Path
) -> None:
    if not template.is_sqlite:
        pytest.skip("PostgreSQL has refused it already")
    await many_users(source, 2)
    for column, (value, _) in INVALID.items():
        await execute(source, f"UPDATE users SET {column} = {value}")  # noqa: S608
    await execute(source, "INSERT INTO article_tags (article_id, tag_id) VALUES (4, 5)")
    target = tmp_path / "target.db"

    result = await copy(source, f"sqlite+aiosqlite:///{target}")

    assert result.exit_code == 1, result.output
    for column, (_, complaint) in INVALID.items():
        assert f"users: {column} {complaint} in 2 rows (#1, #2)." in result.stderr
    assert "article_tags: article_id refers to no row of articles in 1 row (#4/5)." in result.stderr
    assert not target.exists()


async def test_databases_that_cannot_be_copied_are_refused(
    template: Template, source: str, target: str, tmp_path: Path
) -> None:
    await many_users(source, 1)
    missing = tmp_path / "missing.db"
    assert "missing.db does not exist" in last_line(await copy(f"sqlite+aiosqlite:///{missing}", target))
    assert not missing.exists()
    if template.is_sqlite:
        async with opened(source) as database, database.reading() as session:
            await session.execute(text("SELECT 1 FROM users"))
            await session.rollback()
            assert "is in use. Stop the server" in last_line(await copy(source, target))
    assert "same database" in last_line(await copy(source, source))
    assert (await copy("mysql://somewhere/blog", target)).exit_code == 2
    async with template.copy() as filled:
        await many_users(filled, 1)
        assert "is not empty: users already have rows." in last_line(await copy(source, filled))
        assert await check(filled) == []
        await run_alembic(filled, command.downgrade, "-1")
        assert re.search(r"The schema version of .+ is \w+ instead of \w+\.", last_line(await copy(filled, target)))
    away = await copy("postgresql://anna:geheim@127.0.0.1:1/blog", target)
    assert (away.exit_code, "geheim" in away.output) == (3, False)


async def test_every_type_has_a_plain_one() -> None:
    """Tables are copied as they are stored: no type of the application's own has a say."""
    kinds = {type(column.type).__name__ for table in Base.metadata.tables.values() for column in plain(table).columns}

    assert kinds == {"BigInteger", "Boolean", "LargeBinary", "Text", "UtcDateTime"}
