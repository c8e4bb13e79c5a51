"""What the audit log keeps of articles: who did something to somebody else's, and every deletion."""

from app.audit.actions import Action
from app.audit.log import Subject
from app.content import audit_actions as actions
from app.content.events import (
    ArticleChanged,
    ArticleDeleted,
    ArticleEvent,
    ArticlePublished,
    ArticleRestored,
    ArticleScheduled,
    ArticleUnpublished,
    ScheduleWithdrawn,
)
from app.content.models import Article
from app.unit_of_work import UnitOfWork


async def record_change(unit: UnitOfWork, event: ArticleChanged) -> None:
    if event.is_interference and not event.goes_on:
        _record(unit, actions.ARTICLE_CHANGED, event, fields=list(event.fields))


async def record_publication(unit: UnitOfWork, event: ArticlePublished) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_PUBLISHED, event)


async def record_unpublication(unit: UnitOfWork, event: ArticleUnpublished) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_UNPUBLISHED, event)


async def record_scheduling(unit: UnitOfWork, event: ArticleScheduled) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_SCHEDULED, event)


async def record_withdrawal(unit: UnitOfWork, event: ScheduleWithdrawn) -> None:
    if event.is_interference:
        _record(unit, actions.SCHEDULE_WITHDRAWN, event)


async def record_deletion(unit: UnitOfWork, event: ArticleDeleted) -> None:
    # What goes with an account is recorded as a whole.
    if not event.with_account:
        _record(unit, actions.ARTICLE_DELETED, event)


async def record_restoration(unit: UnitOfWork, event: ArticleRestored) -> None:
    _record(unit, actions.ARTICLE_RESTORED, event)


def _record(unit: UnitOfWork, action: Action, event: ArticleEvent, **details: object) -> None:
    article = Subject(Article.__tablename__, event.article_id)
    unit.audit.record(action, actor=event.by, subject=article, author=event.author_id, **details)
