"""The state of the outbox, for monitoring."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.mail import queries as outbox


@dataclass(frozen=True)
class OutboxStatus:
    """The numbers of waiting mails and dead letters, and for how long the next mail has been overdue."""

    waiting: int
    dead: int
    oldest_due_seconds: float


async def outbox_status(session: AsyncSession) -> OutboxStatus:
    """The current state of the outbox."""
    waiting, dead, next_due = (await session.execute(outbox.status())).one()
    overdue = (clock.now() - next_due).total_seconds() if next_due else 0.0
    return OutboxStatus(waiting, dead, max(0.0, overdue))
