"""Commands are killed at whatever moment, looked at, and run again."""

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from dotenv import dotenv_values
from sqlalchemy import text

from app.accounts.models import Totp
from app.core.encryption import Cipher
from app.db.session import open_database
from tests.chaos.blogs import BlogDatabase
from tests.chaos.verification import require_intact
from tests.process.processes import SECRETS, environment

pytestmark = pytest.mark.chaos
# Python starts within the first half second; on an idle machine everything is done after two.
MOMENTS = (0.4, 2.0)
POSTS = 60


class Commands:
    """Runs commands on a database, in a folder of their own."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.folder = folder
        self._environment = environment(**{**SECRETS, "DATABASE_URL": url, "VAR_DIR": str(folder), **settings})

    def run(self, *words: str | Path, stdin: str = "") -> str:
        done = subprocess.run(
            self._command(words), cwd=self.folder, env=self._environment, input=stdin, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def killed(self, *words: str | Path, stdin: str = "") -> None:
        """Run it and kill it, unless it has ended by then."""
        with subprocess.Popen(
            self._command(words), cwd=self.folder, env=self._environment, stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            assert process.stdin is not None
            process.stdin.write(stdin)
            process.stdin.flush()
            time.sleep(random.uniform(*MOMENTS))  # noqa: S311 - any moment will do
            process.send_signal(signal.SIGKILL)

    def _command(self, words: tuple[str | Path, ...]) -> list[str]:
        return [sys.executable, "-m", *map(str, words)]


async def users(database: BlogDatabase) -> int:
    return len(await database.fetch("SELECT id FROM users"))


async def test_a_killed_backup_is_none(sqlite_database: BlogDatabase, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    commands = Commands(tmp_path, sqlite_database.url, BACKUP_DIR=str(backups))

    for _ in range(2):
        commands.killed("commands.db", "backup")
        for path in backups.glob("*.db") if backups.exists() else ():
            require_intact(path)
    commands.run("commands.db", "backup")

    assert list(backups.glob("*.part")) == []
    assert list(backups.glob("*.db"))


async def test_a_killed_restore_leaves_the_old_contents_or_the_new(database: BlogDatabase, tmp_path: Path) -> None:
    if database.path is None and shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not there")
    backup = tmp_path / "backup"
    name = database.path.name if database.path else database.name
    commands = Commands(tmp_path, database.url)
    commands.run("commands.db", "backup", backup)
    opened = open_database(database.url)
    async with opened.writing() as session:
        await session.execute(text("DELETE FROM users WHERE username = 'rita'"))
        await session.commit()
    await opened.dispose()

    commands.killed("commands.db", "restore", backup, "--replace", stdin=f"{name}\n")
    if database.path is not None:
        assert await users(database) in {2, 3}
        require_intact(database.path)
    await _until_nobody_is_left(database)
    commands.run("commands.db", "restore", backup, "--replace", stdin=f"{name}\n")

    assert await users(database) == 3
    assert "No problems found" in commands.run("commands.db", "check")


async def _until_nobody_is_left(database: BlogDatabase) -> None:
    """What `pg_restore` has begun it ends, if that was not killed."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    deadline = time.monotonic() + 20
    while database.path is None and await database.fetch(query):
        assert time.monotonic() < deadline
        time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs here


async def test_killed_imports_are_finished_by_another(sqlite_database: BlogDatabase, tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    folder.mkdir()
    for number in range(POSTS):
        post = (
            f"---\ntitle: Post {number}\nauthor: Ann {number % 3}\ntags: [a{number % 5}]\ndate: 2020-01-01\n---\nHi\n"
        )
        (folder / f"post-{number}.md").write_text(post)
    commands = Commands(tmp_path, sqlite_database.url)

    for _ in range(2):
        commands.killed("commands.import_markdown", folder)
    commands.run("commands.import_markdown", folder)

    titles = [title for (title,) in await sqlite_database.fetch("SELECT title FROM articles")]
    assert sorted(titles) == sorted(f"Post {number}" for number in range(POSTS))
    assert len(await sqlite_database.fetch("SELECT id FROM users WHERE username LIKE 'ann-%'")) == 3
    assert "No problems found" in commands.run("commands.db", "check")


async def test_a_killed_rotation_loses_no_stored_secret(sqlite_database: BlogDatabase, tmp_path: Path) -> None:
    opened = open_database(sqlite_database.url)
    old = Cipher([SECRETS["ACCESS_SECRET_KEY"]])
    async with opened.writing() as session:
        (ids,) = [list(await session.scalars(text("SELECT id FROM users")))]
        session.add_all([Totp(user_id=user_id, encrypted_secret=old.encrypt("a secret")) for user_id in ids])
        await session.commit()
    await opened.dispose()
    file = tmp_path / "settings"
    file.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    commands = Commands(tmp_path, sqlite_database.url, **dict.fromkeys(SECRETS, ""))

    for attempt in range(3):
        if attempt < 2:
            commands.killed("commands.secrets", "rotate", "--env-file", file)
        else:
            commands.run("commands.secrets", "rotate", "--env-file", file)
        cipher = Cipher((dotenv_values(file)["ACCESS_SECRET_KEY"] or "").split(","))
        assert sqlite_database.path is not None
        with closing(sqlite3.connect(sqlite_database.path)) as connection:
            stored = connection.execute("SELECT encrypted_secret FROM totps").fetchall()
        assert [cipher.decrypt(text) for (text,) in stored] == ["a secret"] * len(ids)
