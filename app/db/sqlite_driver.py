"""A connection to SQLite whose statements are one call each to the connection's thread.

SQLAlchemy's own makes four: for a cursor, to execute, to fetch the rows and to close the cursor. For short statements,
which most are, changing threads takes longer than SQLite does.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor

# The columns and rows, if the statement has any, the last row's id, and how many rows it changed.
_Outcome = tuple[Any, list[Any], int | None, int]


class OneCallCursor(AsyncAdapt_aiosqlite_cursor):
    """Fetches all rows at once, as SQLAlchemy's does."""

    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> None:
        self._run(_execute, operation, () if parameters is None else parameters)

    def executemany(self, operation: Any, seq_of_parameters: Any) -> None:
        self._run(_execute_many, operation, seq_of_parameters)

    def _run(self, run: Callable[..., _Outcome], sql: str, parameters: Any) -> None:
        # The driver's own way to run something in its thread, which also knows when it is closed.
        driver: Any = self._connection
        try:
            outcome = self.await_(driver._execute(partial(run, driver._conn, sql, parameters)))  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - is raised again, in SQLAlchemy's terms
            self._adapt_connection._handle_exception(error)  # noqa: SLF001
        self.description, rows, self.lastrowid, self.rowcount = outcome
        self._rows = deque(rows)


class OneCallConnection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    def cursor(self, server_side: bool = False) -> AsyncAdapt_aiosqlite_cursor:
        return super().cursor(server_side) if server_side else OneCallCursor(self)

    def rollback(self) -> None:
        """Roll back the transaction if there is one: the pool also asks for it after commits."""
        # No statement is under way: a connection whose statement was abandoned is closed rather than given back.
        driver: Any = self._connection
        try:
            is_in_transaction = driver.in_transaction
        except ValueError as error:
            self._handle_exception(error)
        if is_in_transaction:
            super().rollback()


def connect(dialect: Dialect, _record: object, arguments: Any, options: Any) -> OneCallConnection:
    """Connect as the dialect does; for SQLAlchemy's event `do_connect`."""
    connection: Any = dialect.connect(*arguments, **options)
    return OneCallConnection(connection.dbapi, connection.driver_connection)


def _execute(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Outcome:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, parameters)
        if cursor.description:
            return cursor.description, cursor.fetchall(), -1, -1
        return None, [], cursor.lastrowid, cursor.rowcount


def _execute_many(connection: sqlite3.Connection, sql: str, parameters: Any) -> _Outcome:
    with closing(connection.cursor()) as cursor:
        cursor.executemany(sql, parameters)
        return None, [], cursor.lastrowid, cursor.rowcount
