"""Reading from SQLite, in the calling thread.

SQLite answers most queries faster than they could be passed to another thread, and a reader never waits for a writer.
Queries that take long are run again in a separate thread.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from threading import Lock
from typing import Any

import anyio.to_thread
from sqlalchemy import Dialect
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.db.compiled_selects import CompiledSelect, Row
from app.db.query_log import query_ran

# How long everybody else may be kept waiting for one question.
_QUICK_SECONDS = 0.05
_MAX_SECONDS = 10
# After so many of SQLite's own steps it is seen how late it is; a million of them take some ten milliseconds.
_STEPS = 20_000
_RETRY_SECONDS = 0.005
_LOCK_TIMEOUT_SECONDS = 5


class _Connection:
    """A connection whose queries are interrupted at a deadline."""

    def __init__(self, path: str, prepare: Callable[[Any, object], None]) -> None:
        # Not the one to make the file, should there be none.
        uri = f"file:{_escaped(path)}?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        try:
            prepare(self._connection, None)
            self._connection.execute("PRAGMA query_only=ON")
        except sqlite3.Error:
            self._connection.close()
            raise
        self._deadline = 0.0
        self._connection.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS)

    def ask(self, sql: str, values: Sequence[Any], seconds: float) -> list[Row]:
        self._deadline = time.monotonic() + seconds
        with closing(self._connection.execute(sql, values)) as cursor:
            return cursor.fetchall()

    def close(self) -> None:
        self._connection.close()


class SqliteReadPool:
    def __init__(self, url: URL, dialect: Dialect, prepare: Callable[[Any, object], None]) -> None:
        """`prepare` sets up each connection to the database."""
        self._path = url.database or ""
        self._dialect = dialect
        self._prepare = prepare
        self._quick_connection: _Connection | None = None
        self._slow_connection: _Connection | None = None
        # One question that takes long at a time.
        self._slow_lock = Lock()

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        compiled = query.for_dialect(self._dialect)
        values = compiled.values(parameters)
        start = time.perf_counter()
        try:
            return compiled.rows(await self._found(compiled.sql, values))
        except sqlite3.OperationalError as error:
            if _code(error) == sqlite3.SQLITE_ERROR:
                # SQLite has no class of its own for a statement that is wrong.
                raise ProgrammingError(compiled.sql, None, sqlite3.ProgrammingError(str(error))) from error
            raise OperationalError(compiled.sql, None, error, hide_parameters=True) from error
        finally:
            query_ran(compiled.sql, time.perf_counter() - start)

    async def _found(self, sql: str, values: Sequence[Any]) -> list[Row]:
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        while True:
            try:
                return self._fetch_quickly(sql, values)
            except sqlite3.OperationalError as error:
                if _code(error) == sqlite3.SQLITE_INTERRUPT:
                    return await anyio.to_thread.run_sync(self._fetch_slowly, sql, values)
                # Somebody is recovering the database or tidying it up.
                if _code(error) not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_RETRY_SECONDS)

    def _fetch_quickly(self, sql: str, values: Sequence[Any]) -> list[Row]:
        if self._quick_connection is None:
            self._quick_connection = _Connection(self._path, self._prepare)
        return self._quick_connection.ask(sql, values, _QUICK_SECONDS)

    def _fetch_slowly(self, sql: str, values: Sequence[Any]) -> list[Row]:
        with self._slow_lock:
            if self._slow_connection is None:
                self._slow_connection = _Connection(self._path, self._prepare)
            return self._slow_connection.ask(sql, values, _MAX_SECONDS)

    async def close(self) -> None:
        for connection in (self._quick_connection, self._slow_connection):
            if connection is not None:
                connection.close()
        self._quick_connection = self._slow_connection = None


def _code(error: sqlite3.Error) -> int:
    """The code without the details in the upper bits."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & 0xFF


def _escaped(path: str) -> str:
    return path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
