"""The state of the queue, for monitoring."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.queue import queries
from app.queue.kinds import registrations


@dataclass(frozen=True)
class KindStatus:
    """The numbers of waiting jobs and dead letters of a kind, and for how long the next job has been overdue."""

    kind: str
    waiting: int = 0
    dead: int = 0
    oldest_due_seconds: float = 0.0


async def queue_status(session: AsyncSession) -> list[KindStatus]:
    """The current state of each kind that is handled here or has any jobs, in alphabetical order."""
    now = clock.now()
    found = {kind: KindStatus(kind) for kind in registrations()}
    for kind, waiting, dead, next_run in (await session.execute(queries.status())).all():
        found[kind] = KindStatus(kind, waiting, dead, _overdue(next_run, now))
    return [found[kind] for kind in sorted(found)]


async def seconds_overdue(session: AsyncSession) -> dict[str, float]:
    """For how long the next job of each kind that has any has been overdue; a full queue takes no longer."""
    now = clock.now()
    return {kind: _overdue(next_run, now) for kind, next_run in (await session.execute(queries.next_of_any())).all()}


def _overdue(next_run: datetime | None, now: datetime) -> float:
    return max(0.0, (now - next_run).total_seconds()) if next_run else 0.0
