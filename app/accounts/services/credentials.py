"""Ending the credentials of an account, whatever kinds there are."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import personal_data
from app.accounts.models import User


async def end_access(session: AsyncSession, user: User) -> None:
    """End everything that requests are made with. The account must be locked, and its access tokens ended."""
    for owned in personal_data.owned():
        if owned.credentials is not None and owned.credentials.is_access:
            await session.execute(delete(owned.entity).where(owned.account == user.id))


async def end_credentials(session: AsyncSession, user: User, since: datetime) -> dict[str, int]:
    """End the credentials that were made after a moment, and all access; returns the numbers of rows by table.

    The account must be locked, and its access tokens ended.
    """
    ended = {}
    for owned in personal_data.owned():
        if owned.credentials is not None:
            made = delete(owned.entity).where(owned.account == user.id, owned.credentials.made_since(since))
            ended[owned.entity.__tablename__] = len((await session.execute(made.returning(owned.account))).all())
    return {table: count for table, count in ended.items() if count}
