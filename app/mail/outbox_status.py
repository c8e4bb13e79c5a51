"""How the outbox is doing, for whoever watches the blog."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.mail import queries as outbox


@dataclass(frozen=True)
class OutboxStatus:
    """Mails that wait and mails that were given up, and for how long the next one has been overdue."""

    waiting: int
    dead: int
    oldest_due_seconds: float


async def outbox_status(session: AsyncSession) -> OutboxStatus:
    """What is in the outbox at this moment."""
    waiting, dead, next_due = (await session.execute(outbox.status())).one()
    overdue = (clock.now() - next_due).total_seconds() if next_due else 0.0
    return OutboxStatus(waiting, dead, max(0.0, overdue))
