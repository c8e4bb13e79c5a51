"""Locking an account before changing it, and making sure that it is the one which the client has seen."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import InvalidAccessToken
from app.accounts.models import User
from app.accounts.policies.actors import Principal
from app.accounts.schemas.users import UserOut
from app.core.preconditions import Preconditions


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


async def require_as_seen(preconditions: Preconditions, user: User) -> None:
    """Go on only if the account, which is locked, is as its `ETag` says. Raises `PreconditionFailed`."""

    async def shown() -> UserOut:
        return UserOut.model_validate(user)

    await preconditions.require(shown)
