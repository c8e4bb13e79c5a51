"""The engine, and sessions for reading and for writing."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, CursorResult, Delete, Update, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

from app.core.circuit_breaker import CircuitBreaker
from app.core.config import Settings
from app.db import postgresql, query_log
from app.db.changes.tracking import InvalidationBus, TrackedSession
from app.db.changes.wake_ups import WakeUps
from app.db.compiled_selects import ReadPool
from app.db.read_pool_postgresql import PLANNING, PostgresqlReadPool
from app.db.read_pool_sqlite import SqliteReadPool

WORKER_CONNECTIONS = 3
WORKER_STATEMENT_SECONDS = 60.0
SQLITE_LOCK_TIMEOUT_SECONDS = 20
_SQLITE_RETRY_SECONDS = (0.001, 0.01)
_SQLITE_BUSY_TIMEOUT_MS = 20
# How a transaction begins on SQLite: the default takes the write lock at once, because a transaction that
# has read and then wants to write is refused when another has written meanwhile. Readers need no lock.
_SQLITE_BEGIN = "sqlite_begin"
_WRITING = "BEGIN IMMEDIATE"
_READ_ONLY: dict[str, Any] = {_SQLITE_BEGIN: "BEGIN"}


@dataclass(frozen=True)
class PoolLimits:
    """The most connections a process opens, and the timeouts for getting one and for each statement.

    Without a statement timeout, as in commands, statements may take any time and outages are not detected early; SQLite
    has no statement timeout.
    """

    connections: int = 10
    queue_seconds: float = 30
    statement_seconds: float | None = None
    behind_pgbouncer: bool = False


def request_limits(settings: Settings) -> PoolLimits:
    """Requests fail fast, whether the database is busy or unreachable."""
    return PoolLimits(
        settings.database_pool_size,
        settings.database_pool_timeout,
        settings.database_statement_timeout,
        settings.database_behind_pgbouncer,
    )


def worker_limits(settings: Settings) -> PoolLimits:
    """Background work may take longer; it and the requests take no connections from each other."""
    return PoolLimits(WORKER_CONNECTIONS, 30, WORKER_STATEMENT_SECONDS, settings.database_behind_pgbouncer)


@dataclass(frozen=True)
class Database:
    """Opens sessions; the caller commits them."""

    engine: AsyncEngine
    writing: Callable[[], AsyncSession]
    reading: Callable[[], AsyncSession]
    invalidations: InvalidationBus
    # For what everybody may read: neither session nor transaction.
    read_pool: ReadPool
    wake_ups: WakeUps = field(default_factory=WakeUps)

    async def dispose(self) -> None:
        await self.read_pool.close()
        await self.engine.dispose()


def open_database(
    url: str,
    limits: PoolLimits | None = None,
    invalidations: InvalidationBus | None = None,
    wake_ups: WakeUps | None = None,
) -> Database:
    """A connection pool for the database at `url`, with no connection opened yet.

    What its sessions invalidate is published on `invalidations`; when they enqueue jobs, `wake_ups` are told.
    """
    limits = limits or PoolLimits()
    # One for sessions and read pool: what the one learns about the server, the other need not find out again.
    breaker = postgresql.database_breaker()
    engine = create_engine(url, limits, breaker)
    invalidations = invalidations or InvalidationBus()
    wake_ups = wake_ups or WakeUps()
    return Database(
        engine,
        writing=sessions_on(engine, invalidations, wake_ups),
        reading=sessions_on(engine.execution_options(**_READ_ONLY), invalidations, wake_ups),
        invalidations=invalidations,
        read_pool=open_read_pool(url, limits, breaker),
        wake_ups=wake_ups,
    )


def open_read_pool(url: str, limits: PoolLimits, breaker: CircuitBreaker | None = None) -> ReadPool:
    """Connections for reads without sessions, none of them opened yet."""
    parsed = make_url(url)
    dialect = parsed.get_dialect()()
    if dialect.name == "sqlite":
        return SqliteReadPool(parsed, dialect, _prepare_sqlite)
    options = postgresql.connection_options(limits.statement_seconds, behind_pgbouncer=limits.behind_pgbouncer)
    if not limits.behind_pgbouncer:
        options["server_settings"] = {**options.get("server_settings", {}), **PLANNING}
    return PostgresqlReadPool(
        parsed, dialect, limits.connections, limits.queue_seconds, options, breaker or postgresql.database_breaker()
    )


def sessions_on(
    bind: AsyncEngine | AsyncConnection, invalidations: InvalidationBus, wake_ups: WakeUps, **options: Any
) -> async_sessionmaker[AsyncSession]:
    """A factory of sessions that say which public responses they invalidate, and when there is work."""
    info = {"invalidations": invalidations, "wake_ups": wake_ups}
    return async_sessionmaker(bind, sync_session_class=TrackedSession, info=info, expire_on_commit=False, **options)


def create_engine(
    url: str, limits: PoolLimits | None = None, breaker: CircuitBreaker | None = None, **options: Any
) -> AsyncEngine:
    """An engine that behaves alike on both databases; `options` go to SQLAlchemy.

    Without limits it uses SQLAlchemy's own pool, and statements have no timeout.
    """
    # What is stored is personal: errors, and so the log, show statements without their values.
    options = {"hide_parameters": True, **options}
    parsed = make_url(url)
    if limits is not None and parsed.database != ":memory:":
        options |= {"pool_size": limits.connections, "max_overflow": 0, "pool_timeout": limits.queue_seconds}
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(url, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        query_log.log_queries(engine.sync_engine)
        return engine
    limits = limits or PoolLimits()
    connecting = postgresql.connection_options(limits.statement_seconds, behind_pgbouncer=limits.behind_pgbouncer)
    arguments = postgresql.driver_arguments(url, **connecting)
    if limits.behind_pgbouncer:
        # SQLAlchemy keeps statements of its own.
        arguments["prepared_statement_cache_size"] = 0
    engine = create_async_engine(parsed.set(query={}), connect_args=arguments, **options)
    if limits.statement_seconds is not None:
        postgresql.fail_fast(engine, breaker or postgresql.database_breaker())
    query_log.log_queries(engine.sync_engine)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by _begin_sqlite; the driver's own way loses updates and cannot undo DDL.
    connection.isolation_level = None
    # SQLite's own knows the case of ASCII letters only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    try:
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
    except BaseException:
        # The pool forgets a connection that could not be prepared, and its thread would be left for good. Whoever is
        # cancelled meanwhile leaves one behind too.
        connection.close()
        raise


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    """Begin, waiting for the write lock on the event loop rather than inside SQLite.

    A connection that waits inside SQLite is locked itself: if Python then collected an old cursor of it, the whole
    event loop would block, including the transaction that holds the write lock.
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
    """Take the write lock in a session otherwise used for reading; no transaction may be open."""
    await session.connection(execution_options={_SQLITE_BEGIN: _WRITING})


@asynccontextmanager
async def reading(session: AsyncSession) -> AsyncIterator[None]:
    """Run the queries inside as a transaction of their own, which ends with the block.

    Use it before something slow, such as hashing a password: neither a write lock nor a connection is held meanwhile.
    It must be the first thing that a session does, or follow another such block.
    """
    await session.connection(execution_options=_READ_ONLY)
    yield
    await session.commit()


async def changed_a_row(session: AsyncSession, statement: Update | Delete) -> bool:
    """Execute a statement that changes at most one row; returns whether it did."""
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
