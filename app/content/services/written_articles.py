"""What happens to an account's articles when it is deleted."""

from sqlalchemy import delete, select, update

from app.accounts.models import User
from app.accounts.services.account_emails import AccountEmails
from app.content import audit_actions as actions
from app.content.events import ArticleDeleted, ArticleHandedOver
from app.content.models import Article
from app.content.services.article_slugs import ArticleSlugs
from app.unit_of_work import UnitOfWork


class WrittenArticles:
    """An account's articles, including deleted ones; the account must be locked."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def remove(self, user: User, by: User | None) -> None:
        """Delete them, together with their comments and tags; `by` is who does it."""
        await self._lock(user)
        await ArticleSlugs(self._unit).leave(user.id)
        removed = delete(Article).where(Article.author_id == user.id).returning(Article.id, Article.deleted_at)
        for article_id, deleted_at in (await self._unit.session.execute(removed)).all():
            if deleted_at is not None:
                # That was announced then.
                continue
            await self._unit.emit(ArticleDeleted(article_id, user.id, by.id if by else None, with_account=True))

    async def _lock(self, user: User) -> None:
        """All of them, in the order in which everybody locks several, and before their slugs."""
        theirs = select(Article.id).where(Article.author_id == user.id).order_by(Article.id)
        await self._unit.session.execute(theirs.with_for_update(key_share=True))

    async def hand_over(self, user: User, successor: User, by: User | None) -> None:
        """Reassign them to the successor, who is told; `by` is who does it."""
        await self._lock(user)
        # Nobody has edited them by that.
        values = {"author_id": successor.id, "updated_at": Article.updated_at}
        handed_over = update(Article).where(Article.author_id == user.id).values(values).returning(Article.id)
        ids = (await self._unit.session.scalars(handed_over)).all()
        if not ids:
            return
        self._unit.audit.record(actions.ARTICLES_HANDED_OVER, actor=by, subject=successor, count=len(ids))
        await AccountEmails(self._unit).articles_handed_over(successor, len(ids))
        for article_id in ids:
            await self._unit.emit(ArticleHandedOver(article_id, successor.id, by.id if by else None, user.id))
