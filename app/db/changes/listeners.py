"""Receiving what other processes invalidate and enqueue, and knowing whether any of it would be missed."""

import asyncio
import logging
import sqlite3
import time
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from sqlalchemy.engine import URL, make_url

from app.cache.keys import EVERYTHING
from app.db.changes import wake_ups as waking
from app.db.changes.broadcast import CHANNEL, read_message
from app.db.changes.tracking import InvalidationBus
from app.db.changes.wake_ups import WakeUps
from app.db.errors import CONNECTION_ERRORS
from app.db.postgresql import driver_arguments

# How old the last look at SQLite may be: a quarter of what a change may take to be seen everywhere.
_MAX_STALENESS_SECONDS = 0.025
# How long a job may wait that was enqueued in a process which does not run any itself.
_IDLE_LOOK_SECONDS = 2.0
_HEARTBEAT_SECONDS = 1.0
# On a blog that nobody has visited for so long, its heart beats as often as that.
_IDLE_SECONDS = 60.0
# Without a sign of life for so long, nothing is believed to be current.
_SILENCE_TIMEOUT_SECONDS = 3.0
_CONNECT_TIMEOUT_SECONDS = 5.0
_MAX_PAUSE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class InvalidationListener(Protocol):
    def is_current(self) -> bool:
        """Whether everything that other processes had committed a tenth of a second ago has been received.

        The exception is a network that was cut silently, which is only noticed seconds later.
        """

    async def run(self, stopping: asyncio.Event) -> None:
        """Listen until told to stop."""


def listener_for(database_url: str, invalidations: InvalidationBus, wake_ups: WakeUps) -> InvalidationListener:
    """A listener that publishes on `invalidations` and `wake_ups` what other processes change in this database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return SqliteListener(url, invalidations, wake_ups)
    return PostgresqlListener(url, invalidations, wake_ups)


class SqliteListener:
    """Asks SQLite on demand, at most every few milliseconds, whether anything has been committed.

    An idle blog asks once in a while, because of the jobs that a command may have enqueued; that takes microseconds.
    """

    def __init__(self, url: URL, invalidations: InvalidationBus, wake_ups: WakeUps) -> None:
        self._path = url.database or ":memory:"
        self._invalidations = invalidations
        self._wake_ups = wake_ups
        self._has_changed = False
        self._connection: sqlite3.Connection | None = None
        self._checked_at = 0.0
        self._version = -1
        self._last_id = 0
        self._is_current = False

    def is_current(self) -> bool:
        now = time.monotonic()
        if now - self._checked_at > _MAX_STALENESS_SECONDS:
            self._is_current = self._check()
            self._checked_at = now
        return self._is_current

    async def run(self, stopping: asyncio.Event) -> None:
        stopped = asyncio.create_task(stopping.wait())
        while not stopped.done():
            await asyncio.wait([stopped], timeout=_IDLE_LOOK_SECONDS)
            self.is_current()
            if self._has_changed:
                self._has_changed = False
                self._wake_ups.publish()
        self._close()

    def _check(self) -> bool:
        try:
            if self._connection is None:
                self._open()
            else:
                self._read_new(self._connection)
        except sqlite3.Error as error:
            if self._is_current:
                _log.warning("what others change cannot be seen, so nothing is answered from memory: %s", error)
            self._close()
            return False
        return True

    def _open(self) -> None:
        # Not the one to make the file, should there be none.
        uri = f"{Path(self._path).absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
        self._connection.execute("PRAGMA query_only=ON")
        self._version = _one(self._connection, "PRAGMA data_version")
        self._last_id = _one(self._connection, "SELECT coalesce(max(id), 0) FROM invalidations")
        # Whatever was changed before is not known.
        self._has_changed = True
        self._invalidations.publish([EVERYTHING])

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read_new(self, connection: sqlite3.Connection) -> None:
        version = _one(connection, "PRAGMA data_version")
        if version == self._version:
            return
        self._version = version
        self._has_changed = True
        news = connection.execute(
            "SELECT id, message FROM invalidations WHERE id > ? ORDER BY id", (self._last_id,)
        ).fetchall()
        if news and news[0][0] > self._last_id + 1:
            # Housekeeping was quicker.
            self._invalidations.publish([EVERYTHING])
        for number, message in news:
            self._last_id = number
            message_id, keys = read_message(message)
            self._invalidations.publish(keys, message_id)


def _one(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


class PostgresqlListener:
    """Listens on a connection of its own, made directly to PostgreSQL: a pooler may not forward notifications.

    Once a second it makes sure that the connection still works, as long as anybody asks. Whoever asks first after a
    while finds it not current, and has it make sure at once.
    """

    def __init__(self, url: URL, invalidations: InvalidationBus, wake_ups: WakeUps) -> None:
        self._arguments = driver_arguments(url, timeout=_CONNECT_TIMEOUT_SECONDS, statement_cache_size=0)
        self._invalidations = invalidations
        self._wake_ups = wake_ups
        self._until = 0.0
        self._asked_at = time.monotonic()
        self._must_beat = asyncio.Event()

    def is_current(self) -> bool:
        now = self._asked_at = time.monotonic()
        if now < self._until:
            return True
        self._must_beat.set()
        return False

    async def run(self, stopping: asyncio.Event) -> None:
        stopped = asyncio.create_task(stopping.wait())
        pause = _HEARTBEAT_SECONDS
        while not stopping.is_set():
            try:
                await self._listen(stopped)
                pause = _HEARTBEAT_SECONDS
            except CONNECTION_ERRORS as error:
                _log.warning("nothing is heard of other processes, so nothing is answered from memory: %r", error)
                await asyncio.wait([stopped], timeout=pause)
                pause = min(2 * pause, _MAX_PAUSE_SECONDS)
            finally:
                self._until = 0.0
        stopped.cancel()

    async def _listen(self, stopped: "asyncio.Task[Any]") -> None:
        connection = await asyncpg.connect(**self._arguments)
        try:
            connection.add_termination_listener(self._mark_lost)
            await connection.add_listener(CHANNEL, self._receive)
            await connection.add_listener(waking.CHANNEL, self._receive_wake_up)
            # Whatever was changed before is not known.
            self._invalidations.publish([EVERYTHING])
            self._wake_ups.publish()
            while not stopped.done():
                asked = time.monotonic()
                self._must_beat.clear()
                await connection.execute("SELECT 1", timeout=_SILENCE_TIMEOUT_SECONDS - _HEARTBEAT_SECONDS)
                self._until = asked + _SILENCE_TIMEOUT_SECONDS
                await self._rest(stopped)
        finally:
            connection.terminate()

    async def _rest(self, stopped: "asyncio.Task[Any]") -> None:
        if time.monotonic() - self._asked_at < _IDLE_SECONDS:
            await asyncio.wait([stopped], timeout=_HEARTBEAT_SECONDS)
            return
        wanted = asyncio.create_task(self._must_beat.wait())
        await asyncio.wait([stopped, wanted], timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()

    def _mark_lost(self, _connection: object) -> None:
        self._until = 0.0
        self._must_beat.set()

    def _receive(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        message_id, keys = read_message(str(message))
        self._invalidations.publish(keys, message_id)

    def _receive_wake_up(self, _connection: object, _pid: int, _channel: str, node: object) -> None:
        self._wake_ups.publish(str(node))
