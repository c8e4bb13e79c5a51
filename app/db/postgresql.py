"""Connection options for PostgreSQL, so that an unreachable server is noticed quickly."""

import logging
import ssl
import time
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Dialect, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.circuit_breaker import CircuitBreaker
from app.core.database_urls import DEFAULT_PORT, PostgresqlAddress
from app.core.postgresql_parameters import SYSTEM
from app.db.errors import CONNECTION_ERRORS

CONNECT_TIMEOUT_SECONDS = 3.0
RETRY_SECONDS = 1.0
# A transaction that does nothing for so long has been forgotten by a process that hangs; its locks are freed.
_IDLE_IN_TRANSACTION_SECONDS = 60
# The server is quicker to give up on a statement: then the connection can be used further.
_GRACE_SECONDS = 0.5
# After that something in between may have forgotten a connection that looks open from here.
_IDLE_SECONDS = 30.0
_LAST_USED = "last_used"
_SERVER_SETTINGS = ("application_name", "options")
_log = logging.getLogger(__name__)


class DatabaseUnreachable(ConnectionError):
    """The database did not respond a moment ago, and it is too early for another attempt."""


def database_breaker() -> CircuitBreaker:
    """A circuit breaker for everything that connects to one server: while open, it allows one attempt per second."""
    return CircuitBreaker("the database", pause=RETRY_SECONDS, attempt_timeout=CONNECT_TIMEOUT_SECONDS)


def require_attempt(breaker: CircuitBreaker) -> None:
    """Raises `DatabaseUnreachable` unless the circuit breaker allows an attempt."""
    if not breaker.allows_attempt():
        raise DatabaseUnreachable("the database did not answer a moment ago")


def connection_options(statement_seconds: float | None, *, behind_pgbouncer: bool) -> dict[str, Any]:
    """Connection options for asyncpg. Without `statement_seconds`, statements have no timeout."""
    options: dict[str, Any] = {"timeout": CONNECT_TIMEOUT_SECONDS}
    if statement_seconds is not None:
        options["command_timeout"] = statement_seconds + _GRACE_SECONDS
    if behind_pgbouncer:
        # The next transaction may be on another connection to the server, which knows no statement of this one.
        options["statement_cache_size"] = 0
    elif statement_seconds is not None:
        # pgbouncer would refuse these.
        options["server_settings"] = {
            "statement_timeout": str(round(statement_seconds * 1000)),
            "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_SECONDS * 1000),
        }
    return options


def driver_arguments(url: URL | str, **options: Any) -> dict[str, Any]:
    """How asyncpg connects to the database at this URL; everything that connects does it so.

    What the URL says beats `options`, except for settings of the server.
    """
    given = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    address = PostgresqlAddress.parse(given)
    parameters = dict(address.parameters)
    settings = {name: parameters.pop(name) for name in _SERVER_SETTINGS if name in parameters}
    if "connect_timeout" in parameters:
        options["timeout"] = float(parameters.pop("connect_timeout"))
    arguments = {
        "host": [host for host, _ in address.hosts],
        "port": [port or DEFAULT_PORT for _, port in address.hosts],
        "user": address.user,
        "password": address.password,
        "database": address.database,
        **options,
        "server_settings": {**settings, **options.get("server_settings", {})},
        **_encryption(parameters),
    }
    return {name: value for name, value in arguments.items() if value or value == 0}


def _encryption(parameters: dict[str, str]) -> dict[str, Any]:
    """The driver reads files and modes from a URL only, and knows neither channel binding nor the system's roots."""
    wants_server_proven = parameters.pop("channel_binding", "") == "require"
    if wants_server_proven:
        # What channel binding would prove, that nobody sits in between, a valid certificate proves as well.
        parameters.setdefault("sslrootcert", SYSTEM)
        parameters["sslmode"] = "verify-full"
    if parameters.get("sslrootcert") != SYSTEM:
        return {"dsn": f"postgresql://?{urlencode(parameters)}"} if parameters else {}
    context = ssl.create_default_context()
    if "sslcert" in parameters:
        context.load_cert_chain(parameters["sslcert"], parameters.get("sslkey"))
    if "sslcrl" in parameters:
        context.load_verify_locations(parameters["sslcrl"])
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    for name, attribute in (("min", "minimum_version"), ("max", "maximum_version")):
        if version := parameters.get(f"ssl_{name}_protocol_version"):
            setattr(context, attribute, ssl.TLSVersion[version.replace(".", "_")])
    rest = {name: value for name, value in parameters.items() if not name.startswith("ssl") or name == "sslnegotiation"}
    return {"ssl": context} | ({"dsn": f"postgresql://?{urlencode(rest)}"} if rest else {})


def fail_fast(engine: AsyncEngine, breaker: CircuitBreaker) -> None:
    """Make the engine notice quickly that its server, or a connection in its pool, is gone."""

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
    """Check locally whether the server has closed the connection; a ping would cost one to three round trips."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
    last_used = record.info.get(_LAST_USED)
    if last_used is not None and time.monotonic() - last_used > _IDLE_SECONDS:
        try:
            connection.ping()
        except Exception as error:
            connection.driver_connection.terminate()
            raise DisconnectionError from error


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_LAST_USED] = time.monotonic()
