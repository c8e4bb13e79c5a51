"""Schedules in the export of an account."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from app.accounts.exports.parts import JsonList
from app.accounts.policies.actors import Principal
from app.content.models import Article, Failure, Schedule
from app.core.schemas.base import Output


class ExportedSchedule(Output):
    article: str = Field(description="The article's slug, as it is now.")
    publish_at: datetime | None
    unpublish_at: datetime | None
    time_zone: str | None
    published_at: datetime | None
    scheduled_at: datetime
    is_by_owner: bool
    failed_at: datetime | None
    failure: Failure | None


def _schedules(owner: Principal, after: int) -> Select[tuple[Schedule]]:
    return (
        select(Schedule)
        .join(Article, Article.id == Schedule.article_id)
        .where(Article.author_id == owner.id, Schedule.id > after)
        .options(contains_eager(Schedule.article))
        .order_by(Schedule.id)
    )


def _schedule(schedule: Schedule, owner: Principal) -> ExportedSchedule:
    return ExportedSchedule(
        article=schedule.article.slug,
        publish_at=schedule.publish_at,
        unpublish_at=schedule.unpublish_at,
        time_zone=schedule.time_zone,
        published_at=schedule.published_at,
        scheduled_at=schedule.created_at,
        is_by_owner=schedule.by_id == owner.id,
        failed_at=schedule.failed_at,
        failure=schedule.failure,
    )


SCHEDULES = JsonList(
    "schedules.json",
    "what is scheduled for your articles; `is_by_owner` says what you scheduled yourself",
    _schedules,
    _schedule,
)
