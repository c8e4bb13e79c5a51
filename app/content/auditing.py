"""What the audit log keeps of articles: who did something to somebody else's, and every deletion."""

from app.audit.actions import Action
from app.audit.log import Row
from app.content import audit_actions as actions
from app.content.events import (
    ArticleChanged,
    ArticleDeleted,
    ArticleEvent,
    ArticlePublished,
    ArticleRestored,
    ArticleUnpublished,
)
from app.content.models import Article
from app.events import handle
from app.unit_of_work import UnitOfWork


async def _changed(unit: UnitOfWork, event: ArticleChanged) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_CHANGED, event, fields=list(event.fields))


async def _published(unit: UnitOfWork, event: ArticlePublished) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_PUBLISHED, event)


async def _unpublished(unit: UnitOfWork, event: ArticleUnpublished) -> None:
    if event.is_interference:
        _record(unit, actions.ARTICLE_UNPUBLISHED, event)


async def _deleted(unit: UnitOfWork, event: ArticleDeleted) -> None:
    # What goes with an account is recorded as a whole.
    if not event.with_account:
        _record(unit, actions.ARTICLE_DELETED, event)


async def _restored(unit: UnitOfWork, event: ArticleRestored) -> None:
    _record(unit, actions.ARTICLE_RESTORED, event)


def _record(unit: UnitOfWork, action: Action, event: ArticleEvent, **details: object) -> None:
    article = Row(Article.__tablename__, event.article_id)
    unit.audit.record(action, actor=event.by, subject=article, author=event.author_id, **details)


def register() -> None:
    handle(ArticleChanged, _changed)
    handle(ArticlePublished, _published)
    handle(ArticleUnpublished, _unpublished)
    handle(ArticleDeleted, _deleted)
    handle(ArticleRestored, _restored)
