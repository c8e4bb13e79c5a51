"""What happens to an account's articles when it is deleted."""

from sqlalchemy import delete, func, select, update

from app.content.models import Article
from app.unit_of_work import UnitOfWork


class WrittenArticles:
    """An account's articles, including deleted ones; the account must be locked."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def are_there(self, user_id: int) -> bool:
        written = select(Article.id).where(Article.author_id == user_id).limit(1)
        return await self._unit.session.scalar(written) is not None

    async def remove(self, user_id: int) -> None:
        """Delete them, together with their comments and tags."""
        await self._unit.session.execute(delete(Article).where(Article.author_id == user_id))

    async def hand_over(self, user_id: int, to: int) -> int:
        """Reassign them to another account; returns how many there were."""
        by_user = Article.author_id == user_id
        count = await self._unit.session.scalar(select(func.count()).select_from(Article).where(by_user)) or 0
        if count:
            # Nobody has edited them by that.
            values = {"author_id": to, "updated_at": Article.updated_at}
            await self._unit.session.execute(update(Article).where(by_user).values(values))
        return count
