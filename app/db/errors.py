"""Telling apart database errors: conflicts, transient errors, an unreachable database, a full disk."""

import errno
import sqlite3
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# While connecting, asyncpg's and the system's own errors come through as they are.
CONNECTION_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What asyncpg says between the server's last words and the end of the connection.
    asyncpg.InternalClientError,
)
_TRANSIENT = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    # Connections lost or refused; ended by an admin or for taking too long; out of connections, memory or disk.
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # Deadlocks, and locks that somebody else holds.
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    # Another server is about to become the primary one.
    asyncpg.ReadOnlySQLTransactionError,
    # The schema was changed meanwhile; the statement is prepared anew the next time.
    asyncpg.InvalidCachedStatementError,
    # Locked, full, read-only or not to be opened.
    sqlite3.OperationalError,
)
# For these SQLite has no class of their own.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOST = (sqlite3.SQLITE_CANTOPEN, *_DAMAGED)
# The first byte of SQLite's codes says what it is, the others where.
_PRIMARY_CODE = 0xFF


def is_conflict(error: IntegrityError) -> bool:
    """Whether a row already existed, or one that it refers to did not; anything else is a bug."""
    cause = _cause_of(error)
    if isinstance(cause, asyncpg.PostgresError):
        return isinstance(cause, (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError))
    return str(cause).startswith(("UNIQUE", "FOREIGN KEY"))


def is_transient(error: Exception) -> bool:
    """Whether the same request can succeed later: no connection, no room, a lock or a deadlock."""
    if isinstance(error, (PoolTimeoutError, *CONNECTION_ERRORS)):
        return True
    cause = _cause_of(error)
    if isinstance(cause, _TRANSIENT) or _sqlite_code(cause) in _DAMAGED:
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_unreachable(error: Exception) -> bool:
    """Whether the database is unreachable: nothing responds, or the connection was lost."""
    if isinstance(error, CONNECTION_ERRORS):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _sqlite_code(_cause_of(error)) in _LOST)


def is_full(error: Exception) -> bool:
    """Whether nothing can be stored because the disk is full. The whole transaction is lost then."""
    cause = _cause_of(error)
    if isinstance(cause, asyncpg.DiskFullError) or _sqlite_code(cause) == sqlite3.SQLITE_FULL:
        return True
    return isinstance(cause, OSError) and cause.errno == errno.ENOSPC


def _cause_of(error: Exception) -> Any:
    """The error that the driver raised."""
    driver_error = error.orig if isinstance(error, DBAPIError) else error
    return getattr(driver_error, "__cause__", None) or driver_error


def _sqlite_code(cause: object) -> int | None:
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY_CODE
