"""Running a job that has been claimed, and saying how it ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from app.core.circuit_breaker import CircuitBreaker
from app.core.client import Client
from app.db.errors import is_transient
from app.db.session import Database
from app.process import ProcessContext
from app.queue.backoff import MAX_ATTEMPTS
from app.queue.claims import HANDLER_TIMEOUT, Claims
from app.queue.delivery import Delivery, OpenUnit
from app.queue.errors import JobFailed, LeaseLost
from app.queue.failure import Failure, RolledBack
from app.queue.kinds import Registration
from app.queue.models import Job

T = TypeVar("T")
# How a job ended is stored although the database is away for a moment: otherwise it would run twice.
_SETTLE_AGAIN_SECONDS = (0.5, 2.0, 8.0, 20.0)
_log = logging.getLogger(__name__)


class Runner:
    def __init__(self, database: Database, process: ProcessContext, open_unit: OpenUnit, claims: Claims) -> None:
        self._database = database
        self._process = process
        self._open_unit = open_unit
        self._claims = claims

    async def run(self, registration: Registration, job: Job, breaker: CircuitBreaker | None) -> datetime | None:
        """Run a job once, and store what comes of it; returns when it runs again, if it does.

        If this is cancelled, the job is put back.
        """
        try:
            return await self._attempt(registration, job, breaker)
        except LeaseLost:
            _log.warning(
                "%s job %d was dropped meanwhile, or took so long that another worker has it now", job.kind, job.id
            )
        except Exception as error:  # noqa: BLE001 - no job may end those that run the others
            _log.error("how %s job %d ended could not be stored: %r", job.kind, job.id, error)
        return None

    async def _attempt(self, registration: Registration, job: Job, breaker: CircuitBreaker | None) -> datetime | None:
        try:
            next_run = await self._handle_in_time(registration, job)
        except asyncio.CancelledError:
            await self._claims.put_back(job)
            raise
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the job stays and is tried again
            failure = Failure.of(registration, job, breaker, error)
            failure.log(job)
            await self._settle(lambda: self._claims.postpone(job, failure.until, failure.attempts, failure.reason))
            return failure.until
        if breaker is not None:
            breaker.succeeded()
        if registration.every is not None:
            every = registration.every
            return await self._settle(lambda: self._claims.repeat(job, every))
        if registration.outside is not None:
            return await self._settle(lambda: self._claims.finish_alone(job))
        return next_run

    async def _handle_in_time(self, registration: Registration, job: Job) -> datetime | None:
        limit = asyncio.timeout(HANDLER_TIMEOUT.total_seconds())
        try:
            async with limit:
                return await self._handle(registration, job)
        except TimeoutError as error:
            if limit.expired():
                # Not to be taken for a database that does not answer.
                raise JobFailed(f"not done within {HANDLER_TIMEOUT.total_seconds():.0f} seconds") from error
            raise

    async def _handle(self, registration: Registration, job: Job) -> datetime | None:
        if job.attempts > MAX_ATTEMPTS and registration.is_given_up:
            # It has not been said how the last one ended: the process did, and perhaps because of this job.
            raise JobFailed(f"the process ended during the last of {MAX_ATTEMPTS} attempts")
        try:
            payload = registration.kind.read(job.payload)
        except ValidationError as error:
            # Of a newer version perhaps, which will get it. What is in it is nobody's business.
            raise JobFailed(f"the payload cannot be read: {error.error_count()} errors") from None
        client = registration.client(payload) if registration.client else Client("", f"job {job.kind}")
        if registration.in_database is not None:
            return await self._change_database(registration, registration.in_database, job, payload, client)
        if registration.outside is not None:
            key = f"{job.id}.{int(job.created_at.timestamp() * 1_000_000)}"
            await registration.outside(Delivery(payload, key, self._process, self._database, client, self._open_unit))
        return None

    async def _change_database(
        self,
        registration: Registration,
        handler: Callable[[Any, Any], Awaitable[None]],
        job: Job,
        payload: Any,
        client: Client,
    ) -> datetime | None:
        async with self._open_unit(self._database.writing, self._process, client) as unit:
            if registration.is_urgent:
                await self._claims.hold(unit.session, job)
            try:
                await handler(unit, payload)
            except Exception as error:
                # Some errors would have the unit of work committed, again at each attempt.
                raise RolledBack from error
            return await self._claims.finish(unit.session, job)

    async def _settle(self, store: Callable[[], Awaitable[T]]) -> T:
        for pause in _SETTLE_AGAIN_SECONDS:
            try:
                return await store()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.debug("how a job ended cannot be stored yet: %r", error)
                await asyncio.sleep(pause)
        return await store()
