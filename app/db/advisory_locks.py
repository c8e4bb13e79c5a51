"""Having transactions come one after the other where locking rows would have them wait for each other."""

from enum import IntEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession


class AdvisoryLock(IntEnum):
    """What is done by one transaction at a time. Any numbers will do that nothing else in the database uses."""

    CATEGORY_TREE = 7_265_676_812


async def take_advisory_lock(session: AsyncSession, lock: AdvisoryLock) -> None:
    """Wait until nobody else is at this, and keep others waiting until the transaction ends.

    Before anything is locked. On SQLite whoever writes is alone anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(lock.value)))
