"""What becomes of a job that has failed."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock
from app.core.circuit_breaker import CircuitBreaker
from app.db.errors import is_unreachable
from app.queue.backoff import GIVE_UP_AFTER, MAX_ATTEMPTS, delay_after, short_delay_after
from app.queue.errors import JobFailed, JobRefused, ServiceUnreachable
from app.queue.kinds import Registration
from app.queue.models import Job

_log = logging.getLogger(__name__)


class RolledBack(Exception):
    """The handler failed, and nothing that it did may be stored. What it failed of is the cause."""


@dataclass(frozen=True)
class Failure:
    """When to try again, unless it is given up; how many attempts count; and what to tell operators."""

    until: datetime | None
    attempts: int
    reason: str
    what: str

    @classmethod
    def of(cls, registration: Registration, job: Job, breaker: CircuitBreaker | None, error: Exception) -> "Failure":
        """Judge the error, which the breaker is told of too."""
        if isinstance(error, RolledBack) and isinstance(error.__cause__, Exception):
            error = error.__cause__
        is_database_away = is_unreachable(error)
        if registration.in_database is None and isinstance(error, OSError):
            # It may as well be what the job wanted from outside.
            is_database_away = False
        if breaker is not None and isinstance(error, ServiceUnreachable):
            breaker.failed(error)
        elif breaker is not None and isinstance(error, JobRefused):
            breaker.succeeded()
        # Once it is clear that no job would get through, this one is not to blame.
        is_service_away = isinstance(error, ServiceUnreachable) and breaker is not None and breaker.is_open
        is_blameless = (is_service_away or is_database_away) and clock.now() - job.created_at < GIVE_UP_AFTER
        attempts = job.attempts - 1 if is_blameless else job.attempts
        reason = str(error) if isinstance(error, JobFailed) else f"{type(error).__name__}: {error}"
        until = _next_attempt(registration, attempts, breaker, error)
        return cls(until, attempts, reason, type(error.__cause__ or error).__name__)

    def log(self, job: Job) -> None:
        _log.log(
            logging.ERROR if self.until is None else logging.WARNING,
            "%s job %d failed (attempt %d of %d, %s): %s",
            job.kind,
            job.id,
            min(job.attempts, MAX_ATTEMPTS),
            MAX_ATTEMPTS,
            "given up" if self.until is None else f"next at {self.until:%H:%M:%S}",
            self.what,
        )


def _next_attempt(
    registration: Registration, attempts: int, breaker: CircuitBreaker | None, error: Exception
) -> datetime | None:
    if registration.is_urgent:
        return clock.now() + short_delay_after(max(1, attempts))
    delay = delay_after(max(1, attempts))
    if registration.every is not None:
        return clock.now() + min(delay, registration.every)
    if attempts >= MAX_ATTEMPTS or (isinstance(error, JobRefused) and error.is_final):
        return None
    return clock.now() + max(delay, timedelta(seconds=breaker.seconds_left if breaker else 0))
