"""Connections to SQLite: any number that read, and one at a time in this process that writes."""

import asyncio
import random
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import in_greenlet

from app.db import sqlite_driver

LOCK_TIMEOUT_SECONDS = 20
_RETRY_SECONDS = (0.001, 0.01)
_BUSY_TIMEOUT_MS = 20


class NestedWriteError(RuntimeError):
    """A task that is writing began a second transaction that writes, which would wait for the first one for ever."""


@dataclass
class _Turn:
    """Who has the turn to write, in this pool and in those that have taken its place."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    holder: asyncio.Task[Any] | None = None
    # When whoever has it is to give up waiting for other processes.
    deadline: float = 0.0


class WritingPool(AsyncAdaptedQueuePool):
    """One connection, which is handed out first come, first served; those who wait hold nothing meanwhile.

    A turn ends when the connection is given back, whatever has become of it and of the transaction. As only this
    connection writes, what it has read of the database remains valid from one transaction to the next.
    """

    # What it logs is SQLAlchemy's.
    _sqla_logger_namespace = "sqlalchemy.pool.WritingPool"

    def __init__(self, creator: Any, *, turn: _Turn | None = None, **options: Any) -> None:
        # Not the queue that the pool has: whoever comes when the connection has just been given back overtakes there.
        self.turn = turn or _Turn()
        super().__init__(creator, **options, pool_size=1, max_overflow=0, timeout=None)  # type: ignore[arg-type]

    def _do_get(self) -> ConnectionPoolEntry:
        await_only(self._take_turn())
        try:
            return super()._do_get()
        except BaseException:
            self._end_turn()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
        finally:
            self._end_turn()

    async def _take_turn(self) -> None:
        task = asyncio.current_task()
        if task is not None and task is self.turn.holder:
            raise NestedWriteError("this task has a transaction that writes, for which another one would wait for ever")
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        try:
            async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
                await self.turn.lock.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError(f"others have been writing for {LOCK_TIMEOUT_SECONDS} seconds") from error
        self.turn.holder, self.turn.deadline = task, deadline

    def _end_turn(self) -> None:
        self.turn.holder = None
        self.turn.lock.release()

    def recreate(self) -> "WritingPool":
        """An empty pool, whose turns come after those that have not ended."""
        return type(self)(
            self._creator,
            turn=self.turn,
            echo=self.echo,
            reset_on_return=self._reset_on_return,
            _dispatch=self.dispatch,
            dialect=self._dialect,
        )


def is_file(url: URL) -> bool:
    """Whether this is SQLite, and several connections see the same database, unlike in memory."""
    dialect: Any = url.get_dialect()
    return url.get_backend_name() == "sqlite" and issubclass(dialect.get_pool_class(url), AsyncAdaptedQueuePool)


def prepare_engine(engine: AsyncEngine, *, reads_only: bool = False) -> AsyncEngine:
    """Set up the engine's connections and how its transactions begin."""
    event.listen(engine.sync_engine, "do_connect", sqlite_driver.connect)
    event.listen(engine.sync_engine, "connect", prepare)
    if reads_only:
        event.listen(engine.sync_engine, "connect", _forbid_writing)
    event.listen(engine.sync_engine, "invalidate", _roll_back)
    event.listen(engine.sync_engine, "begin", partial(_begin, "BEGIN" if reads_only else "BEGIN IMMEDIATE"))
    return engine


def _begin(begin: str, connection: Connection) -> None:
    """Begin, waiting for other processes on the event loop rather than inside SQLite.

    A connection that waits inside SQLite is locked itself: if Python then collected an old cursor of it, the whole
    event loop would block, including the transaction that holds the write lock.
    """
    pool = connection.engine.pool
    deadline = pool.turn.deadline if isinstance(pool, WritingPool) else time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.exec_driver_sql(begin)
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
        else:
            return
        await_only(asyncio.sleep(random.uniform(*_RETRY_SECONDS)))  # noqa: S311 - only spreads the tries


def _roll_back(connection: Any, _record: object, _error: object) -> None:
    # Closing it does not suffice: as long as anything refers to one of its statements, such as the traceback of whoever
    # was cancelled, SQLite keeps the transaction and its lock. Garbage is collected outside of greenlets.
    if in_greenlet():
        with suppress(ValueError, sqlite3.Error):
            await_only(asyncio.shield(_rolled_back(connection.driver_connection)))


async def _rolled_back(connection: Any) -> None:
    await connection.interrupt()
    await connection.rollback()


def prepare(connection: Any, _record: object) -> None:
    """Set up a connection that was just opened."""
    # Transactions are begun by `_begin`; the driver's own way loses updates and cannot undo DDL.
    connection.isolation_level = None
    # SQLite's own knows the case of ASCII letters only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    try:
        # The time-out comes first: switching to WAL needs a lock itself. FULL, because an acknowledged write must
        # also survive a power cut.
        for pragma in (
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
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


def _forbid_writing(connection: Any, _record: object) -> None:
    # Whoever has read without a turn must not go on to write: that fails only if another has written meanwhile.
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()
