"""Finding articles to change, for those who may change them."""

from sqlalchemy import Select, select

from app.accounts.policies.actors import Actor, is_editor, require_account
from app.content.errors import ArticleNotFound
from app.content.markup import RenderedArticle
from app.content.models import Article, ArticleCopy, Purpose
from app.content.policies import require_article_editing
from app.content.queries import articles
from app.content.rendering import rendered_article
from app.content.services.permalinks import Permalinks
from app.db.session import reading
from app.unit_of_work import UnitOfWork


class ArticleAccess:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._permalinks = Permalinks(unit)

    async def to_read(self, actor: Actor, slug: str) -> Article:
        """The article whose drafts and history the actor may read, who is one that may change it.

        Raises `ArticleNotFound` or `Forbidden`.
        """
        return await self._editable(actor, articles.to_change(), slug)

    async def to_show(self, actor: Actor, slug: str) -> Article:
        """The same, where nothing is done but reading: editors may look at what is deleted, too.

        Raises `Moved` or `Gone` too.
        """
        try:
            return await self.to_read(actor, slug)
        except ArticleNotFound:
            deleted = await self._deleted(slug) if is_editor(actor) else None
            if deleted is None:
                raise await self._permalinks.missing(actor, "article", slug) from None
            return deleted

    async def _deleted(self, slug: str) -> Article | None:
        found = articles.to_change().where(Article.slug == slug, Article.deleted_at.is_not(None))
        article: Article | None = await self._unit.session.scalar(found)
        return article

    async def to_change(self, actor: Actor, slug: str) -> Article:
        """The same, with its tags and body, locked until the transaction ends."""
        locked = articles.to_change().with_for_update(of=Article, key_share=True)
        return await self._editable(actor, locked.execution_options(populate_existing=True), slug)

    async def locked(self, article_id: int) -> Article | None:
        """The same for the blog itself, of any article that is not deleted."""
        found = articles.to_change().where(Article.id == article_id, Article.deleted_at.is_(None))
        locked = found.with_for_update(of=Article, key_share=True).execution_options(populate_existing=True)
        article: Article | None = await self._unit.session.scalar(locked)
        return article

    async def scheduled_copy_of(self, article: Article) -> ArticleCopy | None:
        """The text that is to be published later, if there is one."""
        return await self._copy(article.id, Purpose.SCHEDULED)

    async def draft_of(self, article: Article) -> ArticleCopy | None:
        """The working copy of an article, if it has one."""
        return await self._copy(article.id, Purpose.DRAFT)

    async def _copy(self, article_id: int, purpose: Purpose) -> ArticleCopy | None:
        statement = select(ArticleCopy).where(ArticleCopy.article_id == article_id, ArticleCopy.purpose == purpose)
        copy: ArticleCopy | None = await self._unit.session.scalar(statement.execution_options(populate_existing=True))
        return copy

    async def render_for(self, actor: Actor, slug: str, markdown: str) -> RenderedArticle:
        """Render before anything is locked, but only for those who may change the article.

        Raises `TooComplex` or `RenderingUnavailable` too.
        """
        account = require_account(actor)
        async with reading(self._unit.session):
            await self._editable(actor, select(Article), slug)
        return await rendered_article(markdown, account.id)

    async def _editable(self, actor: Actor, statement: Select[tuple[Article]], slug: str) -> Article:
        require_account(actor)
        article = await self._unit.session.scalar(statement.where(Article.slug == slug, articles.visible_to(actor)))
        if article is None:
            raise ArticleNotFound
        require_article_editing(actor, article)
        return article
