"""Locking the account that makes a request before changing it."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import InvalidAccessToken
from app.accounts.policies.actors import Principal


async def lock_account(session: AsyncSession, principal: Principal) -> None:
    """Lock the account until the transaction ends.

    Raises `InvalidAccessToken` if its access has ended since the request began: the password was reset, the account
    deactivated, or all sessions ended. The request may come from the very person who was to be locked out.
    """
    user = principal.account
    version = user.token_version
    await session.refresh(user, with_for_update=True)
    if not user.is_active or user.token_version != version:
        raise InvalidAccessToken
