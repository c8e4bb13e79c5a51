"""Whether this server should be sent requests."""

import asyncio
import logging
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.timeouts import hard_timeout
from app.db.errors import CONNECTION_ERRORS
from app.db.schema_version import is_newer, means_that_there_is_no_table, newest_versions
from app.db.session import Database
from app.ops.backups.keeper import BackupKeeper
from app.ops.schemas import HealthPart, HealthState
from app.queue.kinds import registrations
from app.queue.status import seconds_overdue

TIMEOUT_SECONDS = 1.0
# By then somebody should have run a job that is due, even if whoever tried first has been killed.
OVERDUE_SECONDS = 600
_OK = HealthPart(state=HealthState.OK)
_NOT_ASKED = HealthPart(state=HealthState.UNKNOWN, detail="Not checked, because an earlier check failed.")
_UNREACHABLE: tuple[type[Exception], ...] = (SQLAlchemyError, RedisError, *CONNECTION_ERRORS)
_log = logging.getLogger(__name__)


class Health:
    """Checks the services that requests depend on, all within a second, and logs every change of their state."""

    def __init__(self, redis_url: str | None, backups: BackupKeeper | None = None) -> None:
        self._redis_url = redis_url
        self._backups = backups
        self._known: dict[str, HealthState] = {}

    async def parts(self, database: Database) -> dict[str, HealthPart]:
        """Each part by its name. Reasons are general: the exact errors are in the log."""
        asked = [self._of_database(database)]
        if self._redis_url:
            asked.append(self._of_redis(self._redis_url))
        parts = {name: part for found in await asyncio.gather(*asked) for name, part in found.items()}
        if self._backups is not None and (backup := self._backups.health()) is not None:
            parts["backup"] = backup
        self._tell_changes(parts)
        return parts

    async def _of_database(self, database: Database) -> dict[str, HealthPart]:
        # One after the other: a probe takes one connection of those that requests need, not three.
        parts: dict[str, HealthPart] = dict.fromkeys(("database", "migrations", "jobs"), _NOT_ASKED)
        try:
            await hard_timeout(TIMEOUT_SECONDS, _ask(database, parts))
        except _UNREACHABLE as error:
            asking = next(name for name, part in parts.items() if part is _NOT_ASKED)
            # All servers share the queue: all would leave at once, although readers need none of it.
            state = HealthState.DEGRADED if asking == "jobs" else HealthState.FAILING
            parts[asking] = _unavailable(error, state)
        return parts

    async def _of_redis(self, url: str) -> dict[str, HealthPart]:
        try:
            await hard_timeout(TIMEOUT_SECONDS, _ping(url))
        except _UNREACHABLE as error:
            # Each process goes on with what it can count and keep by itself.
            return {"redis": _unavailable(error, HealthState.DEGRADED)}
        return {"redis": _OK}

    def _tell_changes(self, parts: dict[str, HealthPart]) -> None:
        for name, part in parts.items():
            if part.state is HealthState.UNKNOWN:
                continue
            if part.state is not self._known.get(name, HealthState.OK):
                level = logging.INFO if part.state is HealthState.OK else logging.WARNING
                _log.log(level, " ".join(filter(None, [f"{name} is {part.state.value}.", part.detail])))
            self._known[name] = part.state


async def _ask(database: Database, parts: dict[str, HealthPart]) -> None:
    _require_file(database.engine.url)
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
        parts["database"] = _OK
        parts["migrations"] = await _migrations(session)
        if parts["migrations"].state is not HealthState.FAILING:
            parts["jobs"] = await _jobs(session)


def _require_file(url: URL) -> None:
    """Check that the file exists: open connections keep using a moved or deleted file, and lose what they write."""
    if url.get_backend_name() == "sqlite" and url.database != ":memory:":
        Path(url.database or "").stat()


async def _migrations(session: AsyncSession) -> HealthPart:
    try:
        found = frozenset(await session.scalars(text("SELECT version_num FROM alembic_version")))
    except DBAPIError as error:
        if not means_that_there_is_no_table(error):
            raise
        return HealthPart(state=HealthState.FAILING, detail="The database has no tables.")
    if found == newest_versions():
        return _OK
    if is_newer(found):
        # While a new version of the software takes over, the old one has to go on: its successor has migrated already.
        return HealthPart(state=HealthState.DEGRADED, detail="The schema is newer than this version of the software.")
    return HealthPart(state=HealthState.FAILING, detail="The schema is older than this version of the software.")


async def _jobs(session: AsyncSession) -> HealthPart:
    overdue = await seconds_overdue(session)
    kind, seconds = max(overdue.items(), key=lambda item: item[1], default=("", 0.0))
    if seconds <= OVERDUE_SECONDS:
        return _OK
    # An unknown name is left out: what is in the database is not for everybody to read.
    name = f"of the kind {kind}" if kind in registrations() else "of an unknown kind"
    detail = f"A job {name} has been overdue for {seconds / 60:.0f} minutes."
    return HealthPart(state=HealthState.DEGRADED, detail=detail)


async def _ping(url: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.ping()


def _unavailable(error: Exception, state: HealthState) -> HealthPart:
    _log.debug("a part of the server does not answer: %r", error)
    timed_out = isinstance(error, TimeoutError)
    return HealthPart(state=state, detail="No response in time." if timed_out else "It cannot be reached.")
