"""Carrying out schedules when their time has come."""

from datetime import datetime

from app.accounts.models import User
from app.accounts.policies.actors import Principal
from app.content.errors import SlugTaken
from app.content.jobs import DueArticle
from app.content.models import Article, Failure, Schedule
from app.content.notices import PUBLICATION_FAILED
from app.content.policies import require_article_editing
from app.content.queries import schedules
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import ArticleTexts
from app.content.services.publications import PublicationService
from app.content.services.schedules import ScheduleService
from app.content.services.scheduling import wait_for
from app.core import clock
from app.core.errors import AppError
from app.unit_of_work import UnitOfWork

_WHY = {
    Failure.AUTHOR_INACTIVE: "its author's account may not publish at the moment",
    Failure.NOT_ALLOWED: "whoever scheduled it may not publish it any more",
    Failure.SLUG_TAKEN: "another article has its address by now",
}


class DueSchedules:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._publications = PublicationService(unit)
        self._schedules = ScheduleService(unit)
        self._texts = ArticleTexts(unit)

    async def carry_out(self, article_id: int) -> None:
        """Do what is due of an article's schedule, which is all that counts: somebody may have changed or done it."""
        article = await self._access.locked(article_id)
        schedule = await self._schedules.of(article) if article is not None else None
        if article is None or schedule is None:
            return
        now, publishes_at, ends_at = clock.now(), schedule.publishes_at, schedule.unpublish_at
        if publishes_at is not None and publishes_at <= now:
            article, schedule = await self._publish(article, schedule, publishes_at)
        if ends_at is not None and ends_at <= now:
            await self._publications.take_back(article, schedule.by_id)
            await self._schedules.drop(article)
        elif publishes_at is not None and publishes_at > now:
            # The clock has been put back, or this was scheduled for a later time.
            await wait_for(self._unit, schedule)
        elif ends_at is not None:
            await wait_for(self._unit, schedule)

    async def _publish(self, article: Article, schedule: Schedule, at: datetime) -> tuple[Article, Schedule]:
        """Publish the scheduled text or, if that cannot be, leave everything as it is and tell those concerned."""
        article_id, failure = article.id, await self._obstacle(article, schedule)
        if failure is None:
            try:
                async with self._unit.session.begin_nested():
                    await self._publish_text(article, schedule, at)
            except SlugTaken:
                failure = Failure.SLUG_TAKEN
                article, schedule = await self._again(article_id)
        if failure is not None:
            await self._fail(article, schedule, at, failure)
        elif schedule.unpublish_at is None:
            await self._unit.session.delete(schedule)
        else:
            schedule.publish_at = schedule.publish_said = schedule.published_at = None
        await self._unit.session.flush()
        return article, schedule

    async def _publish_text(self, article: Article, schedule: Schedule, at: datetime) -> None:
        scheduled = await self._access.scheduled_copy_of(article)
        if scheduled is not None:
            await self._texts.keep_newer(article, await self._access.draft_of(article), scheduled)
            shown = schedule.published_at or article.published_at or at
            await self._publications.carry_out(article, scheduled, schedule.by_id, shown)

    async def _people(self, article: Article, schedule: Schedule) -> tuple[User | None, User | None]:
        """The author, and whoever has scheduled it."""
        author = await self._unit.session.get(User, article.author_id)
        by = await self._unit.session.get(User, schedule.by_id) if schedule.by_id is not None else None
        return author, by

    async def _obstacle(self, article: Article, schedule: Schedule) -> Failure | None:
        author, by = await self._people(article, schedule)
        if not await self._may_publish(article, author):
            return Failure.AUTHOR_INACTIVE
        return None if await self._may_publish(article, by) else Failure.NOT_ALLOWED

    async def _may_publish(self, article: Article, account: User | None) -> bool:
        if account is None or not account.is_active:
            return False
        try:
            require_article_editing(Principal(account), article)
        except AppError:
            return False
        return await self._unit.session.scalar(schedules.deletion_of(account.id)) is None

    async def _again(self, article_id: int) -> tuple[Article, Schedule]:
        """The same once more, after what was done to them has been undone."""
        article = await self._access.locked(article_id)
        schedule = await self._schedules.of(article) if article is not None else None
        if article is None or schedule is None:
            raise RuntimeError("an article that is locked has gone")
        return article, schedule

    async def _fail(self, article: Article, schedule: Schedule, at: datetime, failure: Failure) -> None:
        scheduled = await self._access.scheduled_copy_of(article)
        schedule.failed_at, schedule.failure = clock.now(), failure
        values = {
            "title": (scheduled or article).title,
            "time": f"{at.day} {at:%B %Y, %H:%M} UTC",
            "why": _WHY[failure],
        }
        for account in {*await self._people(article, schedule)}:
            if account is not None and account.email is not None and account.deleted_at is None:
                await self._unit.notices.put(
                    PUBLICATION_FAILED, account.email, account.username, str(article.id), **values
                )


async def carry_out(unit: UnitOfWork, due: DueArticle) -> None:
    """The job: exactly once, as everything that it does is in one transaction with its end."""
    await DueSchedules(unit).carry_out(due.article_id)
