"""Schedules: what is to become of articles, as it is shown and withdrawn."""

from typing import NotRequired, cast

from sqlalchemy import select

from app.accounts.models import User
from app.accounts.policies.actors import Actor, require_account
from app.content.errors import ScheduleNotFound
from app.content.events import ArticleDeleted, ArticleUnpublished, ScheduleWithdrawn
from app.content.models import Article, ArticleCopy, ArticleStatus, Schedule
from app.content.queries.article_rows import ArticleRow
from app.content.schemas.authors import AuthorSummary
from app.content.schemas.schedules import ScheduleOut
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import ArticleTexts
from app.unit_of_work import UnitOfWork


class ScheduledArticleRow(ArticleRow):
    """An article, and what is scheduled for it, if anything is."""

    schedule: NotRequired[ScheduleOut]


class ScheduleService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._texts = ArticleTexts(unit)

    async def get(self, actor: Actor, slug: str) -> ScheduleOut:
        """Raises `ArticleNotFound`, `Moved`, `Gone`, `Forbidden` or `ScheduleNotFound`."""
        return await self._required(await self._access.to_show(actor, slug))

    async def withdraw(self, actor: Actor, slug: str) -> None:
        """Take back what is scheduled; its text stays in the history.

        Raises `ArticleNotFound`, `Forbidden`, `ScheduleNotFound` or `PreconditionFailed`.
        """
        by = require_account(actor).id
        article = await self._access.to_change(actor, slug)
        shown = await self._required(article)

        async def show() -> ScheduleOut:
            return shown

        await self._unit.preconditions.require(show)
        await self.drop(article)
        await self._unit.emit(ScheduleWithdrawn(article.id, article.author_id, by))

    async def of(self, article: Article) -> Schedule | None:
        """What is scheduled for an article, if anything is."""
        found = select(Schedule).where(Schedule.article_id == article.id)
        schedule: Schedule | None = await self._unit.session.scalar(found.execution_options(populate_existing=True))
        return schedule

    async def shown(self, article: Article, draft: ArticleCopy | None) -> ScheduleOut | None:
        """What is scheduled for an article, as its authors see it; `draft` is its working copy."""
        schedule = await self.of(article)
        if schedule is None:
            return None
        copy = await self._access.scheduled_copy_of(article)
        by = await self._unit.session.get(User, schedule.by_id) if schedule.by_id is not None else None
        written = draft if article.status is ArticleStatus.PUBLISHED else article
        return ScheduleOut(
            publish_at=schedule.publish_at,
            unpublish_at=schedule.unpublish_at,
            time_zone=schedule.time_zone,
            published_at=schedule.published_at,
            version=copy.version if copy else None,
            is_current=_is_current(copy, written or article) if copy else None,
            failed_at=schedule.failed_at,
            failure=schedule.failure,
            scheduled_at=schedule.created_at,
            scheduled_by=AuthorSummary.model_validate(by) if by else None,
        )

    async def with_schedule(self, article: Article, row: ArticleRow) -> ScheduledArticleRow:
        """What an answer shows of an article, for those who may change it."""
        schedule = await self.shown(article, await self._access.draft_of(article))
        found = cast("ScheduledArticleRow", {**row})
        if schedule is not None:
            found["schedule"] = schedule
        return found

    async def drop(self, article: Article) -> None:
        """Forget what is scheduled for an article that is locked."""
        schedule = await self.of(article)
        if schedule is None:
            return
        await self._unit.session.delete(schedule)
        await self.drop_text(article)

    async def drop_text(self, article: Article) -> None:
        """Forget the text that was to be published."""
        copy = await self._access.scheduled_copy_of(article)
        if copy is not None:
            await self._texts.discard(article, copy)

    async def _required(self, article: Article) -> ScheduleOut:
        shown = await self.shown(article, await self._access.draft_of(article))
        if shown is None:
            raise ScheduleNotFound
        return shown


def _is_current(copy: ArticleCopy, written: Article | ArticleCopy) -> bool:
    return not written.snapshot.changed_from(copy.snapshot)


async def drop_schedule(unit: UnitOfWork, event: ArticleDeleted | ArticleUnpublished) -> None:
    """Whoever takes an article from its readers does not want them to see it later."""
    if isinstance(event, ArticleDeleted) and event.with_account:
        # There is no article any more.
        return
    article = await unit.session.get(Article, event.article_id)
    if article is not None:
        await ScheduleService(unit).drop(article)
