"""Reading from PostgreSQL, over a pool of the driver's own."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.circuit_breaker import CircuitBreaker
from app.db.compiled_selects import CompiledSelect, Row
from app.db.errors import CONNECTION_ERRORS
from app.db.postgresql import driver_arguments, require_attempt
from app.db.query_log import query_ran

_CLOSE_TIMEOUT_SECONDS = 3
# A query that was cancelled is cleared away on the server before its connection is used again.
_RELEASE_TIMEOUT_SECONDS = 1
# Every query here walks along an index and looks up what belongs to it. In a small table the planner would rather read
# all of it for each row, or sort.
_AVOIDED_PLANS = ("enable_hashjoin", "enable_mergejoin", "enable_bitmapscan", "jit")
PLANNING = {"random_page_cost": "1.1", **dict.fromkeys(_AVOIDED_PLANS, "off")}
# The connection has ended, and the query was not answered; there is no harm in sending it again.
_DEAD = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    # The server has said that it ends the connection, which it has not done yet; nothing was sent.
    asyncpg.InternalClientError,
    ConnectionError,
)


class PostgresqlReadPool:
    """A pool of `connections`, none of them opened yet, each waited for at most `queue_seconds`.

    `options` are what the driver is to connect with.
    """

    def __init__(
        self,
        url: URL,
        dialect: Dialect,
        connections: int,
        queue_seconds: float,
        options: Mapping[str, Any],
        breaker: CircuitBreaker,
    ) -> None:
        self._arguments = driver_arguments(url, **options)
        self._dialect = dialect
        self._connections = connections
        self._queue_seconds = queue_seconds
        self._breaker = breaker
        self._open_pool: asyncpg.Pool | None = None
        # Including those who wait for one.
        self._in_use = 0

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        compiled = query.for_dialect(self._dialect)
        return compiled.rows(await self._fetch_twice(compiled.sql, compiled.values(parameters)))

    async def _fetch_twice(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        pool = self._open_pool or await self._open()
        try:
            return await self._fetch_once(pool, sql, values)
        except _DEAD:
            if self._breaker.is_open:
                raise
            # The other connections that were opened before the server went away are as dead.
            await pool.expire_connections()
        return await self._fetch_once(pool, sql, values)

    async def _fetch_once(self, pool: asyncpg.Pool, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        connection = await self._acquire(pool)
        start = time.perf_counter()
        try:
            found: Sequence[Row] = await connection.fetch(sql, *values)
        except _DEAD:
            raise
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            # As SQLAlchemy would raise it: the driver's error inside tells what is transient.
            raise DBAPIError(sql, None, error, hide_parameters=True) from error
        except TimeoutError as error:
            # The server itself would have ended the statement: it hangs, and with it all other connections.
            self._breaker.failed(error)
            connection.terminate()
            await pool.expire_connections()
            raise
        finally:
            query_ran(sql, time.perf_counter() - start)
            self._in_use -= 1
            # A connection that cannot be used again is closed by the pool; what was read has been read.
            with suppress(*CONNECTION_ERRORS):
                await pool.release(connection, timeout=_RELEASE_TIMEOUT_SECONDS)
        return found

    async def _acquire(self, pool: asyncpg.Pool) -> Any:
        self._in_use += 1
        try:
            if self._in_use <= self._connections:
                return await pool.acquire()
            return await self._queue_for_one(pool)
        except BaseException:
            self._in_use -= 1
            raise

    async def _queue_for_one(self, pool: asyncpg.Pool) -> Any:
        try:
            async with asyncio.timeout(self._queue_seconds) as queue:
                return await pool.acquire()
        except TimeoutError as error:
            if queue.expired():
                raise PoolTimeoutError("all connections for reading are in use") from error
            raise

    async def _open(self) -> asyncpg.Pool:
        pool = asyncpg.create_pool(
            min_size=0,
            max_size=self._connections,
            # What closes an idle connection is noticed; a timer for each query would cost more.
            max_inactive_connection_lifetime=0,
            connect=self._connect,
            reset=_reset_nothing,
            **self._arguments,
        )
        # Opens no connection yet, and so lets nobody else in meanwhile.
        self._open_pool = await pool
        return pool

    async def _connect(self, *dsn: Any, **arguments: Any) -> asyncpg.Connection:
        require_attempt(self._breaker)
        try:
            connection = await asyncpg.connect(*dsn, **arguments)
        except CONNECTION_ERRORS as error:
            self._breaker.failed(error)
            raise
        self._breaker.succeeded()
        return connection

    async def close(self) -> None:
        pool, self._open_pool = self._open_pool, None
        if pool is None:
            return
        # Closing that is cancelled terminates what is still open.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_SECONDS):
                await pool.close()


async def _reset_nothing(_connection: asyncpg.Connection) -> None:
    """Nothing but selects runs on these connections, each in a transaction of its own: there is nothing to reset."""
