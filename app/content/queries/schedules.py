"""Queries for schedules."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.accounts.models import AccountDeletion
from app.content.models import Article, Schedule

is_to_be_published = and_(Schedule.publish_at.is_not(None), Schedule.failed_at.is_(None))
# Of the few articles with a schedule, so it need not be in an index.
published_at: ColumnElement[datetime | None] = (
    select(Schedule.publish_at).where(Schedule.article_id == Article.id).correlate(Article).scalar_subquery()
)


def is_scheduled() -> ColumnElement[bool]:
    """Which articles are to be published later, or differently."""
    return Article.id.in_(select(Schedule.article_id).where(is_to_be_published))


def overdue(now: datetime) -> Select[tuple[Schedule]]:
    """Those of which something is to happen by now."""
    return select(Schedule).where(
        or_(and_(is_to_be_published, Schedule.publish_at <= now), Schedule.unpublish_at <= now)
    )


def by_wall_clock(after: int, number: int) -> Select[tuple[Schedule]]:
    """Some of those whose times go by the clocks of a time zone, in the order of their articles."""
    placed = select(Schedule).where(Schedule.time_zone.is_not(None), Schedule.article_id > after)
    return placed.order_by(Schedule.article_id).limit(number)


def deletion_of(account_id: int) -> Select[tuple[int]]:
    """Whether an account is about to be deleted."""
    return select(AccountDeletion.user_id).where(AccountDeletion.user_id == account_id)
