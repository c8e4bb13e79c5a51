"""Scheduling: deciding what is to become of an article, and when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.content.errors import (
    NothingToPublish,
    PublicationInFuture,
    ScheduledTooEarly,
    ScheduledTooLate,
    ScheduleEndsFirst,
)
from app.content.events import ArticleScheduled
from app.content.jobs import PUBLICATIONS, DueArticle
from app.content.models import Article, ArticleCopy, ArticleStatus, Schedule
from app.content.schemas.articles import PublicationInput
from app.content.services.article_access import ArticleAccess
from app.content.services.article_texts import ArticleTexts
from app.content.services.schedules import ScheduleService
from app.content.wall_times import said
from app.core import clock
from app.unit_of_work import UnitOfWork

_FURTHEST = timedelta(days=3653)


@dataclass(frozen=True)
class _Time:
    at: datetime
    # In a time zone, as it was said.
    said: str | None


class Scheduling:
    """Schedules for articles that are locked."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._access = ArticleAccess(unit)
        self._schedules = ScheduleService(unit)
        self._texts = ArticleTexts(unit)

    async def publish_later(self, article: Article, draft: ArticleCopy | None, by: int, data: PublicationInput) -> None:
        """Schedule what is written now, instead of what was scheduled before.

        Raises `ScheduledTooEarly`, `ScheduledTooLate`, `ScheduleEndsFirst`, `PublicationInFuture`, `NothingToPublish`
        or `SlugTaken`.
        """
        begin = _checked(data.publish_at, data.time_zone, "publish_at")
        if begin is None:
            raise ValueError("publish_at")
        if data.published_at is not None and data.published_at > begin.at:
            raise PublicationInFuture(field="published_at")
        schedule = await self._schedules.of(article)
        end = _end(data, schedule)
        if end is not None and end.at <= begin.at:
            raise ScheduleEndsFirst(field="unpublish_at")
        await self._copy(article, draft, by)
        await self._store(article, schedule, by, data, begin, end)

    async def publish_now(self, article: Article, by: int, data: PublicationInput) -> None:
        """What was to be published later is not, for the draft has just been; what ends it stays, or is as given.

        Raises `ScheduledTooEarly` or `ScheduledTooLate`.
        """
        schedule = await self._schedules.of(article)
        end = _end(data, schedule)
        if schedule is not None:
            await self._schedules.drop_text(article)
        if end is not None and (schedule is None or "unpublish_at" in data.model_fields_set):
            await self._store(article, schedule, by, data, None, end)
        elif schedule is not None and end is not None:
            schedule.publish_at = schedule.publish_said = schedule.published_at = None
            schedule.failed_at = schedule.failure = None
        elif schedule is not None:
            await self._unit.session.delete(schedule)
        await self._unit.session.flush()

    async def _copy(self, article: Article, draft: ArticleCopy | None, by: int) -> None:
        scheduled = await self._access.scheduled_copy_of(article)
        written = draft if article.status is ArticleStatus.PUBLISHED else article
        if written is not None:
            await self._texts.schedule(article, scheduled, written, by)
        elif scheduled is None:
            raise NothingToPublish

    async def _store(
        self,
        article: Article,
        schedule: Schedule | None,
        by: int,
        data: PublicationInput,
        begin: _Time | None,
        end: _Time | None,
    ) -> None:
        schedule = schedule or Schedule(article_id=article.id)
        schedule.publish_at, schedule.publish_said = (begin.at, begin.said) if begin else (None, None)
        schedule.unpublish_at, schedule.unpublish_said = (end.at, end.said) if end else (None, None)
        kept_zone = schedule.time_zone if schedule.unpublish_said is not None else None
        schedule.time_zone = data.time_zone or kept_zone
        schedule.published_at = data.published_at if begin else None
        schedule.by_id, schedule.created_at = by, clock.now()
        schedule.failed_at = schedule.failure = None
        self._unit.session.add(schedule)
        await self._unit.session.flush()
        await wait_for(self._unit, schedule)
        await self._unit.emit(ArticleScheduled(article.id, article.author_id, by))


async def wait_for(unit: UnitOfWork, schedule: Schedule) -> None:
    """Have it carried out at each of its times."""
    for at in (schedule.publishes_at, schedule.unpublish_at):
        if at is not None:
            # By its time, so that nobody who schedules waits for whoever publishes, who may wait for the article.
            key = f"{schedule.article_id} {at.isoformat()}"
            unit.jobs.enqueue(PUBLICATIONS, DueArticle(schedule.article_id), run_at=at, key=key)


def _end(data: PublicationInput, schedule: Schedule | None) -> _Time | None:
    """When readers are not to see the article any more: as given, or else as it was scheduled."""
    if "unpublish_at" in data.model_fields_set:
        return _checked(data.unpublish_at, data.time_zone, "unpublish_at")
    if schedule is None or schedule.unpublish_at is None:
        return None
    if data.time_zone is not None:
        return _time(schedule.unpublish_at.astimezone(ZoneInfo(data.time_zone)), data.time_zone)
    return _Time(schedule.unpublish_at, schedule.unpublish_said)


def _checked(value: datetime | None, zone: str | None, field: str) -> _Time | None:
    if value is None:
        return None
    time, now = _time(value, zone), clock.now()
    if time.at <= now:
        raise ScheduledTooEarly(field=field)
    if time.at > now + _FURTHEST:
        raise ScheduledTooLate(field=field)
    return time


def _time(value: datetime, zone: str | None) -> _Time:
    return _Time(value.astimezone(UTC), said(value) if zone is not None else None)
