"""Former usernames in the export of an account."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.exports.parts import Field
from app.accounts.models import User
from app.content.models import FormerName


async def _former_usernames(session: AsyncSession, user: User) -> list[str]:
    former = select(FormerName.slug).where(FormerName.user_id == user.id, FormerName.slug != user.username)
    return list(await session.scalars(former.order_by(FormerName.slug)))


FORMER_USERNAMES = Field(
    "former_usernames", "the usernames under which you were public before, which lead to you", _former_usernames
)
