"""Which errors of the database are nobody's mistake: it is away or busy, or somebody else was quicker."""

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# While connecting, asyncpg's and the system's own errors come through as they are.
CONNECTION_ERRORS: tuple[type[Exception], ...] = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
_PASSING = {
    # SQLite: locked, full or not to be opened. asyncpg: the others.
    *("OperationalError", "InterfaceError", "DeadlockDetectedError", "SerializationError", "LockNotAvailableError"),
    *("ConnectionDoesNotExistError", "CannotConnectNowError", "AdminShutdownError", "TooManyConnectionsError"),
}


def is_clash(error: IntegrityError) -> bool:
    """Whether a row was there already, or one that it refers to was not; anything else is a mistake of the code."""
    cause = getattr(error.orig, "__cause__", None)
    if cause is not None:
        return isinstance(cause, (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError))
    return str(error.orig).startswith(("UNIQUE", "FOREIGN KEY"))


def is_passing(error: Exception) -> bool:
    """Whether the same request can succeed later: there was no connection, a lock or a deadlock."""
    if isinstance(error, (PoolTimeoutError, *CONNECTION_ERRORS)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    cause = getattr(error.orig, "__cause__", None) or error.orig
    return error.connection_invalidated or type(cause).__name__ in _PASSING
