"""Removing invalidations that every process has received."""

from datetime import timedelta

from app.core import clock
from app.db.changes.models import Invalidation
from app.db.clearing import delete_in_batches
from app.db.session import Database

# Every process that is still alive has long received those that are older.
KEEP_INVALIDATIONS = timedelta(hours=1)


async def clear_received(database: Database) -> None:
    await delete_in_batches(database, Invalidation, Invalidation.at <= clock.now() - KEEP_INVALIDATIONS)
