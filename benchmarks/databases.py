"""Where corpora are stored: files in a folder, or databases on a PostgreSQL server, all prefixed colophon_bench."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from benchmarks.corpus import VERSION, Size
from benchmarks.filling import fill

_MIGRATIONS = Path(__file__).resolve().parent.parent / "alembic_migrations" / "versions"
_LOCAL_POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/postgres"
_PREFIX = "colophon_bench"


class SqliteFiles:
    """Databases that are files."""

    backend = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def url(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self._path(name)}"

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def names(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.db")}

    def create(self, name: str) -> None:
        """Nothing to do: a file is created when it is opened."""

    def rename(self, name: str, to: str) -> None:
        self._path(name).rename(self._path(to))

    def copy(self, name: str, to: str) -> None:
        shutil.copyfile(self._path(name), self._path(to))

    def drop(self, name: str) -> None:
        for path in self._folder.glob(f"{name}.db*"):
            path.unlink()

    def version(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"


class PostgresqlServer:
    """Databases on a server on which this may create them."""

    backend = "postgresql"

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql")

    def url(self, name: str) -> str:
        return self._url.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)

    def names(self) -> set[str]:
        return {row[0] for row in self._fetch("SELECT datname FROM pg_database")}

    def create(self, name: str) -> None:
        self._fetch(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def rename(self, name: str, to: str) -> None:
        self._fetch(f'ALTER DATABASE "{name}" RENAME TO "{to}"')

    def copy(self, name: str, to: str) -> None:
        self._fetch(f'CREATE DATABASE "{to}" TEMPLATE "{name}"')
        self._fetch("CHECKPOINT")

    def drop(self, name: str) -> None:
        self._fetch(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def version(self) -> str:
        return f"PostgreSQL {self._fetch('SHOW server_version')[0][0]}"

    def _fetch(self, statement: str) -> list[Any]:
        async def fetch() -> list[Any]:
            connection = await asyncpg.connect(self._url.render_as_string(hide_password=False))
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(fetch())


Databases = SqliteFiles | PostgresqlServer


def databases_at(database: str, folder: Path) -> Databases:
    """`sqlite` (files in the folder), `postgresql` (TEST_DATABASE_URL, or the local server) or a server's URL."""
    if database == "sqlite":
        return SqliteFiles(folder)
    return PostgresqlServer(
        os.environ.get("TEST_DATABASE_URL", _LOCAL_POSTGRESQL) if database == "postgresql" else database
    )


def _corpus_name(size: Size) -> str:
    """A name that differs for every schema and every version of the generator."""
    schema = sha256(b"".join(path.read_bytes() for path in sorted(_MIGRATIONS.glob("*.py"))))
    return f"{_PREFIX}_{size.label}_{schema.hexdigest()[:6]}_v{VERSION}"


@contextmanager
def corpus(databases: Databases, size: Size, *, keep: bool) -> Iterator[str]:
    """The name of a database with the corpus, which must not be changed; created unless an earlier run has kept it."""
    name = _corpus_name(size)
    if name not in databases.names():
        begin = time.perf_counter()
        # Under another name until it is complete.
        databases.drop(unfinished := f"{name}_unfinished")
        databases.create(unfinished)
        asyncio.run(fill(databases.url(unfinished), size))
        databases.rename(unfinished, name)
        print(f"{size.articles:,} articles of {size.words:,} words made in {time.perf_counter() - begin:.0f} s")
    try:
        yield name
    finally:
        if not keep:
            databases.drop(name)


@contextmanager
def writable_copy(databases: Databases, name: str, label: str = "") -> Iterator[str]:
    """The URL of a copy, which is deleted afterwards; of several at once, each has a label of its own."""
    copy = f"{_PREFIX}_copy{label}_{os.getpid()}"
    databases.drop(copy)
    databases.copy(name, copy)
    try:
        yield databases.url(copy)
    finally:
        databases.drop(copy)
