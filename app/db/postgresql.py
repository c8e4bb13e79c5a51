"""What a connection to PostgreSQL needs so that nobody waits long for a server that is unreachable."""

import logging
import time
from typing import Any

from sqlalchemy import Dialect, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.circuit_breaker import CircuitBreaker
from app.db.errors import CONNECTION_ERRORS

CONNECT_TIMEOUT_SECONDS = 3.0
RETRY_SECONDS = 1.0
# A transaction that does nothing for so long has been forgotten by a process that hangs; its locks are freed.
_IDLE_IN_TRANSACTION_SECONDS = 60
# The server is quicker to give up on a statement: then the connection can be used further.
_GRACE_SECONDS = 0.5
# After that something in between may have forgotten a connection that looks open from here.
IDLE_SECONDS = 30.0
_LAST_USED = "last_used"
# Parts of an address that only SQLAlchemy understands.
_SQLALCHEMYS_OWN = {"prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback"}
_log = logging.getLogger(__name__)


class DatabaseUnreachable(ConnectionError):
    """The database did not answer a moment ago and is not asked again yet."""


def breaker() -> CircuitBreaker:
    """For whatever connects to one server: while it is unreachable, one attempt a second finds out for all."""
    return CircuitBreaker("the database", pause=RETRY_SECONDS, attempt_timeout=CONNECT_TIMEOUT_SECONDS)


def require_attempt(breaker: CircuitBreaker) -> None:
    """Raises `DatabaseUnreachable` unless an attempt is worth it."""
    if not breaker.allows_attempt():
        raise DatabaseUnreachable("the database did not answer a moment ago")


def connection_options(statement_seconds: float | None, *, behind_pgbouncer: bool) -> dict[str, Any]:
    """What asyncpg is to connect with. Without a bound, a statement may take as long as it takes."""
    options: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_SECONDS}
    if statement_seconds is not None:
        options["command_timeout"] = statement_seconds + _GRACE_SECONDS
    if behind_pgbouncer:
        # The next transaction may be on another connection to the server, which knows no statement of this one.
        options |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
    elif statement_seconds is not None:
        # pgbouncer would refuse these.
        options["server_settings"] = {
            "statement_timeout": str(round(statement_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_SECONDS * 1000),
        }
    return options


def driver_arguments(url: URL, **options: Any) -> dict[str, Any]:
    """What asyncpg itself is to be called with, to connect as SQLAlchemy would with these options."""
    _, arguments = url.get_dialect()().create_connect_args(url)
    return {name: value for name, value in {**arguments, **options}.items() if name not in _SQLALCHEMYS_OWN}


def fail_fast(engine: AsyncEngine, breaker: CircuitBreaker) -> None:
    """Have the engine find out quickly that its server, or a connection of its pool, is gone."""

    def connect(dialect: Dialect, _record: object, args: Any, parameters: Any) -> Any:
        require_attempt(breaker)
        try:
            connection = dialect.connect(*args, **parameters)
        except CONNECTION_ERRORS as error:
            breaker.failed(error)
            raise
        breaker.succeeded()
        return connection

    def see_error(context: ExceptionContext) -> None:
        error = context.original_exception
        if isinstance(error, TimeoutError) and context.connection is not None:
            # The server itself would have ended the statement: it hangs, and with it all other connections.
            context.is_disconnect = True
            breaker.failed(error)
            driver_connection = context.connection.connection.driver_connection
            if driver_connection is not None:
                # Otherwise SQLAlchemy would say goodbye first, and wait for an answer.
                driver_connection.terminate()

    event.listen(engine.sync_engine, "do_connect", connect)
    event.listen(engine.sync_engine, "handle_error", see_error)
    event.listen(engine.sync_engine, "checkout", _require_alive)
    event.listen(engine.sync_engine, "checkin", _note_use)


def _require_alive(connection: Any, record: Any, _proxy: object) -> None:
    """That the server has closed a connection is known here; asking it would cost a round trip, or three."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    last_used = record.info.get(_LAST_USED)
    if last_used is not None and time.monotonic() - last_used > IDLE_SECONDS:
        try:
            connection.ping()
        except Exception as error:
            connection.driver_connection.terminate()
            raise DisconnectionError from error


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_LAST_USED] = time.monotonic()
