"""The engine, and sessions for reading and for writing."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Update, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

CONNECT_TIMEOUT_SECONDS = 5
SQLITE_LOCK_TIMEOUT_SECONDS = 20
_SQLITE_RETRY_SECONDS = (0.001, 0.01)
_SQLITE_BUSY_TIMEOUT_MS = 20
# How a transaction begins on SQLite: the default takes the write lock at once, because a transaction that
# has read and then wants to write is refused when another has written meanwhile. Readers need no lock.
_SQLITE_BEGIN = "sqlite_begin"
_WRITING = "BEGIN IMMEDIATE"
_READ_ONLY: dict[str, Any] = {_SQLITE_BEGIN: "BEGIN"}


@dataclass(frozen=True)
class Database:
    """Opens sessions; whoever opens one commits it."""

    engine: AsyncEngine
    writing: Callable[[], AsyncSession]
    reading: Callable[[], AsyncSession]

    async def dispose(self) -> None:
        await self.engine.dispose()


def open_database(url: str) -> Database:
    """A pool of connections to the database at `url`, none of them opened yet."""
    engine = create_engine(url)
    return Database(
        engine,
        writing=async_sessionmaker(engine, expire_on_commit=False),
        reading=async_sessionmaker(engine.execution_options(**_READ_ONLY), expire_on_commit=False),
    )


def create_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine that behaves alike on both databases; `options` go to SQLAlchemy."""
    # What is stored is personal: errors, and so the log, show statements without their values.
    options = {"hide_parameters": True, **options}
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_async_engine(url, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(url, pool_pre_ping=True, connect_args={"timeout": CONNECT_TIMEOUT_SECONDS}, **options)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by _begin_sqlite; the driver's own way loses updates and cannot undo DDL.
    connection.isolation_level = None
    # SQLite's own knows the case of ASCII letters only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    # The time-out comes first: switching to WAL needs a lock itself. FULL, because an acknowledged write must
    # also survive a power cut.
    for pragma in (
        f"busy_timeout={_SQLITE_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    """Begin, waiting for the write lock on the event loop rather than inside SQLite.

    A connection that waits inside SQLite is locked itself: should Python meanwhile collect an old cursor of it, the
    whole event loop would wait too, and with it the one who holds the write lock.
    """
    begin = connection.get_execution_options().get(_SQLITE_BEGIN, _WRITING)
    deadline = time.monotonic() + SQLITE_LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.exec_driver_sql(begin)
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
        else:
            return
        await_only(asyncio.sleep(random.uniform(*_SQLITE_RETRY_SECONDS)))  # noqa: S311 - only spreads the tries


async def begin_writing(session: AsyncSession) -> None:
    """Take the write lock for what follows, in a session that is for reading otherwise; nothing may be under way."""
    await session.connection(execution_options={_SQLITE_BEGIN: _WRITING})


@asynccontextmanager
async def reading(session: AsyncSession) -> AsyncIterator[None]:
    """Run the queries inside as a transaction of their own, which is over at the end.

    For what comes before something slow, such as hashing a password: neither a write lock nor a connection is held
    meanwhile. It must be the first thing that a session does, or follow another of these.
    """
    await session.connection(execution_options=_READ_ONLY)
    yield
    await session.commit()


async def took_effect(session: AsyncSession, statement: Update | Delete) -> bool:
    """Execute what changes one row at most; whether it has found that row."""
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
