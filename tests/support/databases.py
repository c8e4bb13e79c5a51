"""Throw-away databases on both systems."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.changes.tracking import InvalidationBus
from app.db.migrations import upgrade
from app.db.reader import CompiledSelect, Row
from app.db.session import Database, sessions_on

_LOCAL_SERVERS = (
    "postgresql://postgres@127.0.0.1:5432/postgres",
    "postgresql://postgres:postgres@127.0.0.1:5432/postgres",
)


async def postgresql_server() -> str:
    """The address of a server that answers. Skips where there is none, or fails where one is required."""
    configured = os.environ.get("TEST_DATABASE_URL")
    for address in [configured] if configured else _LOCAL_SERVERS:
        plain = make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            connection = await asyncpg.connect(plain, timeout=3)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            continue
        await connection.close()
        return plain
    reason = "PostgreSQL does not answer: set TEST_DATABASE_URL to a server on which the tests may create databases"
    if os.environ.get("REQUIRE_POSTGRESQL"):
        pytest.fail(reason)
    pytest.skip(reason)


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@dataclass(frozen=True)
class Template:
    """A migrated, empty database that others are copied from; `url` may be used itself if it is left empty."""

    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[str]:
        """The URL of a copy, which is gone afterwards."""
        url = make_url(self.url)
        name = f"{url.database}_{uuid4().hex[:8]}"
        copied = url.set(database=name).render_as_string(hide_password=False)
        if self.is_sqlite:
            # Through SQLite itself: what is still in the write-ahead log belongs to the database too.
            with sqlite3.connect(str(url.database)) as source, sqlite3.connect(name) as target:
                source.backup(target)
            source.close()
            target.close()
            yield copied
            return
        server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{url.database}"')
        try:
            yield copied
        finally:
            await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """The URL of a database without any table, which is gone afterwards."""
        url = make_url(self.url)
        name = f"{url.database}_{uuid4().hex[:8]}"
        emptied = url.set(database=name).render_as_string(hide_password=False)
        if self.is_sqlite:
            yield emptied
            return
        server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield emptied
        finally:
            await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def sqlite_template(folder: Path) -> AsyncIterator[Template]:
    url = f"sqlite+aiosqlite:///{folder / 'template.db'}"
    await upgrade(url)
    yield Template(url)
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def postgresql_template() -> AsyncIterator[Template]:
    server = await postgresql_server()
    name = f"colophon_test_{uuid4().hex[:12]}"
    url = make_url(server).set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)
    # A locale like that of most servers: what is to be sorted alike everywhere must not depend on it.
    locale = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
    await _execute(server, f'CREATE DATABASE "{name}" {locale}')
    try:
        await upgrade(url)
        yield Template(url)
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


class _UndoneReader:
    """Reads through the one connection that knows what has been written."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        compiled = query.for_dialect(self._connection.dialect)
        found = await self._connection.exec_driver_sql(compiled.sql, tuple(compiled.values(parameters)))
        return compiled.rows([tuple(row) for row in found])

    async def close(self) -> None:
        """The connection is closed by whoever opened it."""


@asynccontextmanager
async def undone_database(engine: AsyncEngine) -> AsyncIterator[Database]:
    """A database whose sessions commit and roll back as always, and of which nothing is left afterwards."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        invalidations = InvalidationBus()
        sessions = sessions_on(connection, invalidations, join_transaction_mode="create_savepoint")
        yield Database(
            engine, writing=sessions, reading=sessions, invalidations=invalidations, reader=_UndoneReader(connection)
        )
        await transaction.rollback()
