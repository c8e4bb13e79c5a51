"""The engine, and sessions for reading and for writing."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import CursorResult, Delete, Update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from app.core.circuit_breaker import CircuitBreaker
from app.core.config import Settings
from app.db import postgresql, query_log, sqlite
from app.db.changes.tracking import InvalidationBus, TrackedSession
from app.db.changes.wake_ups import WakeUps
from app.db.compiled_selects import ReadPool
from app.db.read_pool_postgresql import PLANNING, PostgresqlReadPool
from app.db.read_pool_sqlite import SqliteReadPool

WORKER_CONNECTIONS = 3
WORKER_STATEMENT_SECONDS = 60.0
_ENGINES = "engines"


class TransactionOpen(RuntimeError):
    """A session that has a transaction was to begin one of another kind."""


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
class Engines:
    """What sessions connect to: on PostgreSQL and in memory, one and the same."""

    writing: AsyncEngine
    reading: AsyncEngine


@dataclass(frozen=True)
class Database:
    """Opens sessions; the caller commits them."""

    engine: AsyncEngine
    # Another one on SQLite, where it cannot write, and `engine` has a single connection.
    reading_engine: AsyncEngine
    writing: Callable[[], AsyncSession]
    reading: Callable[[], AsyncSession]
    invalidations: InvalidationBus
    # For what everybody may read: neither session nor transaction.
    read_pool: ReadPool
    wake_ups: WakeUps = field(default_factory=WakeUps)

    async def dispose(self) -> None:
        await self.read_pool.close()
        for engine in {self.engine, self.reading_engine}:
            await engine.dispose()


def open_database(url: str, limits: PoolLimits | None = None, beside: Database | None = None) -> Database:
    """A connection pool for the database at `url`, with no connection opened yet.

    A process that opens its database twice, so that one kind of work takes no connections from another, opens the
    second `beside` the first: what either of them invalidates or enqueues, both learn, and on SQLite they take turns.
    """
    limits = limits or PoolLimits()
    # One for sessions and read pool: what the one learns about the server, the other need not find out again.
    breaker = postgresql.database_breaker()
    if sqlite.is_file(make_url(url)):
        engine = beside.engine if beside else create_engine(url, poolclass=sqlite.WritingPool)
        reading_engine = create_engine(url, limits, reads_only=True)
    else:
        engine = reading_engine = create_engine(url, limits, breaker)
    invalidations = beside.invalidations if beside else InvalidationBus()
    wake_ups = beside.wake_ups if beside else WakeUps()
    sessions = partial(
        sessions_on, invalidations=invalidations, wake_ups=wake_ups, engines=Engines(engine, reading_engine)
    )
    return Database(
        engine,
        reading_engine,
        writing=sessions(engine),
        reading=sessions(reading_engine),
        invalidations=invalidations,
        read_pool=open_read_pool(url, limits, breaker),
        wake_ups=wake_ups,
    )


def open_read_pool(url: str, limits: PoolLimits, breaker: CircuitBreaker | None = None) -> ReadPool:
    """Connections for reads without sessions, none of them opened yet."""
    parsed = make_url(url)
    dialect = parsed.get_dialect()()
    if dialect.name == "sqlite":
        return SqliteReadPool(parsed, dialect, sqlite.prepare)
    options = postgresql.connection_options(limits.statement_seconds, behind_pgbouncer=limits.behind_pgbouncer)
    if not limits.behind_pgbouncer:
        options["server_settings"] = {**options.get("server_settings", {}), **PLANNING}
    return PostgresqlReadPool(
        parsed, dialect, limits.connections, limits.queue_seconds, options, breaker or postgresql.database_breaker()
    )


def sessions_on(
    bind: AsyncEngine | AsyncConnection,
    invalidations: InvalidationBus,
    wake_ups: WakeUps,
    engines: "Engines | None" = None,
    **options: Any,
) -> async_sessionmaker[AsyncSession]:
    """A factory of sessions that say which public responses they invalidate, and when there is work.

    With `engines`, those that write can read without a turn meanwhile, and the other way round.
    """
    info = {"invalidations": invalidations, "wake_ups": wake_ups, _ENGINES: engines}
    return async_sessionmaker(bind, sync_session_class=TrackedSession, info=info, expire_on_commit=False, **options)


def create_engine(
    url: str,
    limits: PoolLimits | None = None,
    breaker: CircuitBreaker | None = None,
    *,
    reads_only: bool = False,
    **options: Any,
) -> AsyncEngine:
    """An engine that behaves alike on both databases; `options` go to SQLAlchemy.

    Without limits it uses SQLAlchemy's own pool, and statements have no timeout. With `reads_only`, SQLite refuses to
    write, and transactions take no lock.
    """
    # What is stored is personal: errors, and so the log, show statements without their values.
    options = {"hide_parameters": True, **options}
    parsed = make_url(url)
    if limits is not None and parsed.database != ":memory:":
        options |= {"pool_size": limits.connections, "max_overflow": 0, "pool_timeout": limits.queue_seconds}
    if parsed.get_backend_name() == "sqlite":
        engine = create_async_engine(url, **options)
        sqlite.prepare_engine(engine, reads_only=reads_only)
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


async def begin_writing(session: AsyncSession) -> None:
    """Write in a session otherwise used for reading.

    Whatever it has read must have been committed: raises `TransactionOpen` otherwise, because what was read may have
    changed until it is this writer's turn.
    """
    _require_no_transaction(session)
    if engines := _engines_of(session):
        session.sync_session.bind = engines.writing.sync_engine
    await session.connection()


@asynccontextmanager
async def reading(session: AsyncSession) -> AsyncIterator[None]:
    """Run the queries inside as a transaction of their own, which ends with the block.

    Use it before something slow, such as hashing a password: neither a write lock nor a connection is held meanwhile.
    It must be the first thing that a session does, or follow another such block; raises `TransactionOpen` otherwise.
    """
    _require_no_transaction(session)
    bind = session.sync_session.bind
    if engines := _engines_of(session):
        session.sync_session.bind = engines.reading.sync_engine
    try:
        await session.connection()
        yield
        await session.commit()
    finally:
        session.sync_session.bind = bind


def _require_no_transaction(session: AsyncSession) -> None:
    # It would go on beside the new one, on another connection of another engine.
    if session.in_transaction():
        raise TransactionOpen("the session's transaction must have ended before it reads or writes in one of its own")


def _engines_of(session: AsyncSession) -> Engines | None:
    engines: Engines | None = session.info[_ENGINES]
    return engines


async def changed_a_row(session: AsyncSession, statement: Update | Delete) -> bool:
    """Execute a statement that changes at most one row; returns whether it did."""
    result = await session.execute(statement)
    return isinstance(result, CursorResult) and result.rowcount == 1
