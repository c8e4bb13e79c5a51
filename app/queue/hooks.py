"""What the database itself has to have done for it."""

from datetime import timedelta

from app.db.changes.clearing import clear_received
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing, register_chore


async def _clear_invalidations(delivery: Delivery[Nothing]) -> None:
    await clear_received(delivery.database)


register_chore("clear_invalidations", _clear_invalidations, every=timedelta(minutes=30))
