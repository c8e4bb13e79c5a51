"""Reading from PostgreSQL, over a few connections of the driver's own."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Dialect
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.db.errors import CONNECTION_ERRORS
from app.db.postgresql import Gate, driver_arguments
from app.db.query_log import query_ran
from app.db.reader import CompiledSelect, Row

_CLOSE_SECONDS = 3
# Every question here is answered by walking along an index and looking up what belongs to it. In a small table the
# planner would rather read all of it for each row, or sort.
_NOT_TO_BE_USED = ("enable_hashjoin", "enable_mergejoin", "enable_bitmapscan", "jit")
PLANNING = {"random_page_cost": "1.1", **dict.fromkeys(_NOT_TO_BE_USED, "off")}
# The connection has ended, and the question was not answered; there is no harm in putting it again.
_DEAD = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    # The server has said that it ends the connection, which it has not done yet; nothing was sent.
    asyncpg.InternalClientError,
    ConnectionError,
)


class PostgresReader:
    """As many connections as `connections`, none of them opened yet, which are waited for as long as `queue_seconds`.

    `options` are what the driver is to connect with.
    """

    def __init__(
        self, url: URL, dialect: Dialect, connections: int, queue_seconds: float, options: Mapping[str, Any]
    ) -> None:
        self._arguments = driver_arguments(url, **options)
        self._dialect = dialect
        self._queue_seconds = queue_seconds
        self._gate = Gate()
        # Not reset between two questions: nothing but selects runs on them, each in a transaction of its own.
        self._idle: list[asyncpg.Connection] = []
        self._free = asyncio.Semaphore(connections)

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        compiled = query.for_dialect(self._dialect)
        values = compiled.values(parameters)
        async with self._turn():
            start = time.perf_counter()
            try:
                found = await self._ask_twice(compiled.sql, values)
            finally:
                query_ran(compiled.sql, time.perf_counter() - start)
        return compiled.rows(found)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._queue_seconds if self._free.locked() else None):
                await self._free.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("all connections for reading are in use") from error
        try:
            yield
        finally:
            self._free.release()

    async def _ask_twice(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        connection = self._idle_connection()
        if connection is not None:
            try:
                return await self._ask(connection, sql, values)
            except _DEAD:
                # So will be those that were opened before the server went away.
                self._drop_idle()
        return await self._ask(await self._connect(), sql, values)

    async def _ask(self, connection: asyncpg.Connection, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        try:
            found: Sequence[Row] = await connection.fetch(sql, *values)
        except _DEAD:
            connection.terminate()
            raise
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            # That was an answer too. As SQLAlchemy would have it: the driver's error inside tells what passes.
            self._idle.append(connection)
            raise DBAPIError(sql, None, error, hide_parameters=True) from error
        except BaseException as error:
            # Also when nobody waits any more: what the connection would answer next is not known.
            connection.terminate()
            if isinstance(error, TimeoutError):
                # The server itself would have ended the statement: it hangs, and with it all other connections.
                self._gate.lost(error)
                self._drop_idle()
            raise
        self._idle.append(connection)
        return found

    def _idle_connection(self) -> asyncpg.Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().terminate()

    async def _connect(self) -> asyncpg.Connection:
        self._gate.enter()
        try:
            connection = await asyncpg.connect(**self._arguments)
        except CONNECTION_ERRORS as error:
            self._gate.lost(error)
            raise
        self._gate.found()
        return connection

    async def close(self) -> None:
        """What is in use is closed by whoever uses it."""
        while self._idle:
            await self._idle.pop().close(timeout=_CLOSE_SECONDS)
