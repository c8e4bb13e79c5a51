"""Publishing articles, and taking them back."""

from datetime import datetime

from app.accounts.policies.actors import Actor, require_account
from app.content.errors import PublicationInFuture
from app.content.events import ArticleChanged, ArticlePublished, ArticleUnpublished
from app.content.models import Article, ArticleCopy, ArticleStatus, Reason
from app.content.schemas.articles import PublicationInput
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import ArticleTexts, Fields
from app.content.services.articles import ArticleService
from app.content.services.drafts import DraftService
from app.content.services.history import Save
from app.content.services.schedules import ScheduledArticleRow, ScheduleService
from app.content.services.scheduling import Scheduling
from app.core import clock
from app.unit_of_work import UnitOfWork


class PublicationService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._articles = ArticleService(unit)
        self._drafts = DraftService(unit)
        self._schedules = ScheduleService(unit)
        self._scheduling = Scheduling(unit)
        self._texts = ArticleTexts(unit)

    async def publish(self, actor: Actor, slug: str, data: PublicationInput) -> ScheduledArticleRow:
        """Let readers see the draft, at once or later, and say for how long.

        Raises `ArticleNotFound`, `Forbidden`, `PublicationInFuture`, `SlugTaken`, `ScheduledTooEarly`,
        `ScheduledTooLate`, `ScheduleEndsFirst` or `NothingToPublish`.
        """
        by = require_account(actor).id
        article = await self._access.to_change(actor, slug)
        draft = await self._access.draft_of(article)
        if draft is None:
            await self._articles.require_version(article)
        else:
            await self._drafts.require_version(article, draft)
        if data.publish_at is None:
            await self._publish_now(article, draft, by, data)
        else:
            await self._scheduling.publish_later(article, draft, by, data)
        shown = await self._articles.shown(article.id)
        return await self._schedules.with_schedule(article, shown)

    async def _publish_now(self, article: Article, draft: ArticleCopy | None, by: int, data: PublicationInput) -> None:
        now = clock.now()
        if data.published_at is not None and data.published_at > now:
            raise PublicationInFuture(field="published_at")
        await self._scheduling.publish_now(article, by, data)
        await self.carry_out(article, draft, by, data.published_at or article.published_at or now)

    async def carry_out(self, article: Article, draft: ArticleCopy | None, by: int | None, at: datetime) -> None:
        """Publish an article that is locked, dated `at`, and what is written beside it."""
        was_public, before = article.status is ArticleStatus.PUBLISHED, article.published_at
        dated: Fields = ("published_at",) if at != before else ()
        article.publish(at)
        save = Save(by, Reason.PUBLISH, is_published=True)
        if draft is not None:
            fields = await self._texts.publish_draft(article, draft, save, dated)
        elif dated or not was_public:
            fields = dated
            await self._texts.publish(article, save, dated)
        else:
            return
        if was_public:
            await self._unit.emit(ArticleChanged(article.id, article.author_id, by, fields))
        else:
            await self._unit.emit(ArticlePublished(article.id, article.author_id, by))

    async def unpublish(self, actor: Actor, slug: str) -> None:
        """Make an article a draft again: its working copy, if it has one, or else what readers saw.

        Raises `ArticleNotFound` or `Forbidden`.
        """
        by = require_account(actor).id
        article = await self._access.to_change(actor, slug)
        await self._articles.require_version(article)
        if article.status is ArticleStatus.PUBLISHED:
            await self.take_back(article, by)
        else:
            # Nor is it to be published later.
            await self._schedules.drop(article)

    async def take_back(self, article: Article, by: int | None) -> None:
        """Make an article that is locked a draft again, if it is published."""
        if article.status is not ArticleStatus.PUBLISHED:
            return
        draft = await self._access.draft_of(article)
        article.unpublish()
        if draft is not None:
            await self._texts.take_back(article, draft, by)
        await self._unit.emit(ArticleUnpublished(article.id, article.author_id, by))
