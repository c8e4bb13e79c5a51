"""Locking the account of whoever asks, before it is changed."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import InvalidAccessToken
from app.accounts.policies.actors import Principal


async def lock_account(session: AsyncSession, principal: Principal) -> None:
    """Have nobody else change the account until this is over.

    Raises `InvalidAccessToken` if its access has ended since the request began: the password was reset, the account
    deactivated, or all sessions ended, because the request may be somebody's who is to be kept out by that.
    """
    user = principal.account
    version = user.token_version
    await session.refresh(user, with_for_update=True)
    if not user.is_active or user.token_version != version:
        raise InvalidAccessToken
