"""A dialect for sessions that only read SQLite: in the calling thread, like reads without sessions.

A statement takes SQLite less time than it takes to pass it to another thread and back, which costs a session many turns
of the event loop, each behind whatever else the process does. Statements that take long are run again in a thread.
"""

import asyncio
import math
import sqlite3
import time
from collections import deque
from typing import Any

import anyio.to_thread
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from app.db.read_pool_sqlite import QUICK_SECONDS, STEPS

_DRIVER = "inline"


class ReadingDialect(SQLiteDialect_pysqlite):
    """The standard library's driver, which SQLAlchemy takes for one that awaits: now and then it does."""

    driver = _DRIVER
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, _url: URL) -> type[AsyncAdaptedQueuePool]:
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": _Connection}


class _Connection(sqlite3.Connection):
    """Interrupts statements at a deadline."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.deadline = math.inf
        self.set_progress_handler(lambda: time.monotonic() > self.deadline, STEPS)

    def cursor(self, factory: Any = None) -> Any:
        make: Any = super().cursor
        return make(factory or _Cursor)


class _Cursor(sqlite3.Cursor):
    """Fetches all rows at once: before that, a statement has only begun to run."""

    connection: _Connection
    # What SQLAlchemy asks of a cursor that awaits.
    server_side = False

    def __init__(self, connection: _Connection) -> None:
        super().__init__(connection)
        self._found: deque[Any] = deque()

    async def _async_soft_close(self) -> None:
        """There is nothing that would have to be awaited."""

    def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        # SQLAlchemy insists on something being awaited, though not on its having to be waited for.
        await_only(self._execute_soon(sql, parameters))
        return self

    async def _execute_soon(self, sql: str, parameters: Any) -> None:
        self.connection.deadline = time.monotonic() + QUICK_SECONDS
        try:
            self._execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            await self._execute_in_thread(sql, parameters)

    def _execute(self, sql: str, parameters: Any) -> None:
        super().execute(sql, parameters)
        self._found = deque(super().fetchall())

    async def _execute_in_thread(self, sql: str, parameters: Any) -> None:
        self.connection.deadline = math.inf
        running = asyncio.ensure_future(anyio.to_thread.run_sync(self._execute, sql, parameters))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            # Whoever closes the connection now must not meet the thread there.
            self.connection.deadline = 0.0
            await asyncio.gather(running, return_exceptions=True)
            raise

    def fetchone(self) -> Any:
        return self._found.popleft() if self._found else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._found.popleft() for _ in range(min(size or self.arraysize, len(self._found)))]

    def fetchall(self) -> list[Any]:
        found = list(self._found)
        self._found.clear()
        return found

    def __next__(self) -> Any:
        if not self._found:
            raise StopIteration
        return self._found.popleft()


registry.register(f"sqlite.{_DRIVER}", __name__, ReadingDialect.__name__)


def reading_url(url: URL) -> URL:
    """The address with this dialect."""
    return url.set(drivername=f"sqlite+{_DRIVER}")
