"""Disposable databases on both systems."""

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database_urls import usable_database_url
from app.db.changes.tracking import InvalidationBus
from app.db.changes.wake_ups import WakeUps
from app.db.compiled_selects import CompiledSelect, Row
from app.db.migrations import upgrade
from app.db.session import Database, sessions_on
from tests.support.emptying import is_emptied

_LOCAL_SERVERS = (
    "postgresql://postgres@127.0.0.1:5432/postgres",
    "postgresql://postgres:postgres@127.0.0.1:5432/postgres",
)


async def postgresql_server() -> str:
    """The URL of a reachable server. Skips if there is none, or fails if one is required."""
    configured = os.environ.get("TEST_DATABASE_URL")
    for address in [configured] if configured else _LOCAL_SERVERS:
        plain = (
            make_url(usable_database_url(address)).set(drivername="postgresql").render_as_string(hide_password=False)
        )
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
    """A migrated, empty database to copy from; `url` itself may be used if it is left empty."""

    url: str
    # PostgreSQL takes half a second to copy a database, and milliseconds to empty one.
    _spares: list[str] = field(default_factory=list)

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[str]:
        """The URL of an empty database with all tables, for exclusive use until the end of the block."""
        if self.is_sqlite:
            copied = self._url_of(self._new_name())
            # Through SQLite itself: what is still in the write-ahead log belongs to the database too.
            with sqlite3.connect(self._name) as source, sqlite3.connect(str(make_url(copied).database)) as target:
                source.backup(target)
            source.close()
            target.close()
            yield copied
            return
        name = self._spares.pop() if self._spares else await self._create(f'TEMPLATE "{self._name}"')
        try:
            yield self._url_of(name)
        finally:
            if await is_emptied(self._server(name), self._server(self._name)):
                self._spares.append(name)
            else:
                await self._drop(name)

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """The URL of a database without any tables, which is dropped afterwards."""
        if self.is_sqlite:
            yield self._url_of(self._new_name())
            return
        name = await self._create("TEMPLATE template0")
        try:
            yield self._url_of(name)
        finally:
            await self._drop(name)

    async def drop_spares(self) -> None:
        while self._spares:
            await self._drop(self._spares.pop())

    @property
    def _name(self) -> str:
        return str(make_url(self.url).database)

    def _new_name(self) -> str:
        return f"{self._name}_{uuid4().hex[:8]}"

    def _url_of(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def _server(self, name: str = "postgres") -> str:
        url = make_url(self.url).set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    async def _create(self, options: str) -> str:
        name = self._new_name()
        await _execute(self._server(), f'CREATE DATABASE "{name}" {options}')
        return name

    async def _drop(self, name: str) -> None:
        await _execute(self._server(), f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


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
        template = Template(url)
        yield template
        await template.drop_spares()
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


class _UndoneReadPool:
    """Reads through the one connection that sees what has been written."""

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
    """A database whose sessions commit and roll back as usual, but which is left unchanged afterwards."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        invalidations = InvalidationBus()
        wake_ups = WakeUps()
        sessions = sessions_on(connection, invalidations, wake_ups, join_transaction_mode="create_savepoint")
        yield Database(
            engine,
            engine,
            writing=sessions,
            reading=sessions,
            invalidations=invalidations,
            read_pool=_UndoneReadPool(connection),
            wake_ups=wake_ups,
        )
        await transaction.rollback()
