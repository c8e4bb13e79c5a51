"""The rule that there is always an admin."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import LastAdmin
from app.accounts.queries import deletions, users


async def require_another_admin(session: AsyncSession, user_id: int) -> None:
    """Lock an account and all admins, so that no two of them leave at once. Raises `LastAdmin`.

    An admin who is about to be deleted does not count.
    """
    found = (await session.execute(users.locked_with_active_admins(user_id))).all()
    admins = [locked_id for locked_id, is_active_admin in found if is_active_admin]
    if user_id not in admins:
        return
    # Asked after the lock was got: who had it before may have decided to leave.
    leaving = set(await session.scalars(deletions.leaving(admins)))
    if not set(admins) - leaving - {user_id}:
        raise LastAdmin
