"""What is measured of the queue, which is nobody else's business, and what the database has to have done for it."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.changes.clearing import clear_received
from app.db.changes.tracking import register_private
from app.db.metrics import Numbers, register_numbers
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing, register_chore
from app.queue.models import Job
from app.queue.status import queue_status


async def _numbers(session: AsyncSession) -> Numbers:
    kinds = await queue_status(session)
    return {
        "jobs_waiting": ("Jobs that have not been done yet.", {kind.kind: kind.waiting for kind in kinds}),
        "jobs_oldest_due_seconds": (
            "How long the next job has been overdue.",
            {kind.kind: kind.oldest_due_seconds for kind in kinds},
        ),
        "jobs_dead": ("Jobs that were given up on.", {kind.kind: kind.dead for kind in kinds}),
    }


async def _clear_invalidations(delivery: Delivery[Nothing]) -> None:
    await clear_received(delivery.database)


register_private(Job.__table__)
register_numbers(_numbers)
register_chore("clear_invalidations", _clear_invalidations, every=timedelta(minutes=30))
