"""What happens to an account's articles when it is deleted."""

from sqlalchemy import delete, func, select, update

from app.accounts.models import User
from app.accounts.services.account_emails import AccountEmails
from app.content import audit_actions as actions
from app.content.models import Article
from app.unit_of_work import UnitOfWork


class WrittenArticles:
    """An account's articles, including deleted ones; the account must be locked."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def remove(self, user: User) -> None:
        """Delete them, together with their comments and tags."""
        await self._unit.session.execute(delete(Article).where(Article.author_id == user.id))

    async def hand_over(self, user: User, successor: User, by: User | None) -> None:
        """Reassign them to the successor, who is told; `by` is who does it."""
        by_user = Article.author_id == user.id
        count = await self._unit.session.scalar(select(func.count()).select_from(Article).where(by_user)) or 0
        if not count:
            return
        # Nobody has edited them by that.
        values = {"author_id": successor.id, "updated_at": Article.updated_at}
        await self._unit.session.execute(update(Article).where(by_user).values(values))
        self._unit.audit.record(actions.ARTICLES_HANDED_OVER, actor=by, subject=successor, count=count)
        AccountEmails(self._unit).articles_handed_over(successor, count)
