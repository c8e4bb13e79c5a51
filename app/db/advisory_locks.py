"""Advisory locks, for serialising transactions whose row locks would deadlock."""

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


class AdvisoryLock(IntEnum):
    """What only one transaction may do at a time. The numbers only need to be unique within the database."""

    # Whoever takes both takes them in this order.
    CATEGORY_TREE = 7_265_676_812
    REDIRECTS = 7_265_676_813


async def take_advisory_lock(session: AsyncSession, lock: AdvisoryLock) -> None:
    """Wait for the lock and hold it until the transaction ends.

    Take it before any other lock. SQLite needs none, as it has a single writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(lock.value)))
