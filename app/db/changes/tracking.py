"""Finds out which public answers a transaction puts out of date, and says so once it has committed.

Changes of objects are seen when the session flushes them. A statement that changes many rows at once says itself what
it concerns (`concerning`), or it concerns everything.
"""

import secrets
from collections import deque
from collections.abc import Callable, Collection, Iterable
from itertools import count
from typing import Any

from sqlalchemy import Table, event, inspect
from sqlalchemy.orm import InstanceState, ORMExecuteState, Session, SessionTransaction
from sqlalchemy.orm.attributes import History

from app.accounts.models import User
from app.cache import keys
from app.comments.models import Comment
from app.content.models import Article, ArticleStatus, Category, Tag, article_tags
from app.db.changes.broadcast import announce

_CONCERNED = "concerned"
# Of the announcement that leaves with the commit.
_NAME = "announcement"
_KNOWN = 1000
_PUBLIC_TABLES = {model.__table__ for model in (Article, Category, Comment, Tag, User)} | {article_tags}
# Rows that nothing public shows before something else changes too.
_UNNOTICED_WHEN_NEW = {Tag.__table__, User.__table__}
_LISTED_BY = {"status", "deleted_at", "published_at", "title", "slug", "author_id", "category_id", "tags"}
_SHOWN_OF_USERS = {"username", "display_name", "avatar_url", "bio", "deleted_at"}


class Purges:
    """Where it is announced, inside this process, which answers are out of date."""

    def __init__(self) -> None:
        self._node = secrets.token_hex(4)
        self._numbers = count(1)
        # What has been announced here, be it by a commit or from the database: of one's own changes, both come.
        self._known: deque[str] = deque(maxlen=_KNOWN)
        self._listeners: list[Callable[[Collection[str]], None]] = []

    def next_name(self) -> str:
        """A name for an announcement, unlike any other process's."""
        return f"{self._node}.{next(self._numbers)}"

    def subscribe(self, listener: Callable[[Collection[str]], None]) -> None:
        self._listeners.append(listener)

    def announce(self, changed: Collection[str], name: str | None = None) -> None:
        """Tell who listens that answers with these keys are out of date; under one name, once.

        A commit of this process announces itself, and is heard from the database too: should it have taken effect
        without being confirmed, that is the only news of it.
        """
        if name is not None:
            if name in self._known:
                return
            self._known.append(name)
        for listener in self._listeners:
            listener(changed)


class WatchedSession(Session):
    """A session that announces what it has changed to the `Purges` in its `info`, and to other processes."""


def concerning(*concerned: str) -> dict[str, Any]:
    """Execution options of a statement that changes rows: the answers that it puts out of date."""
    return {_CONCERNED: frozenset(concerned)}


def _concerned(session: Session) -> set[str]:
    found: set[str] = session.info.setdefault(_CONCERNED, set())
    return found


@event.listens_for(WatchedSession, "do_orm_execute")
def _see_statement(state: ORMExecuteState) -> None:
    if not (state.is_insert or state.is_update or state.is_delete):
        return
    table = getattr(state.statement, "table", None)
    if not isinstance(table, Table) or table not in _PUBLIC_TABLES:
        return
    if state.is_insert and table in _UNNOTICED_WHEN_NEW:
        return
    _concerned(state.session).update(state.execution_options.get(_CONCERNED, {keys.EVERYTHING}))


@event.listens_for(WatchedSession, "before_flush")
def _see_objects(session: Session, _context: object, _instances: object) -> None:
    concerned = _concerned(session)
    for instance in session.dirty:
        concerned |= _concerned_by(inspect(instance), is_there=True)
    for instance in (*session.new, *session.deleted):
        concerned |= _concerned_by(inspect(instance), is_there=False)


@event.listens_for(WatchedSession, "before_commit")
def _tell_other_processes(session: Session) -> None:
    if session.in_nested_transaction():
        return
    # Only the flush finds out what has changed, and a commit would flush after this.
    session.flush()
    if concerned := _concerned(session):
        name = session.info[_NAME] = session.info["purges"].next_name()
        announce(session.connection(), name, concerned)


@event.listens_for(WatchedSession, "after_commit")
def _tell_this_process(session: Session) -> None:
    if session.in_nested_transaction():
        return
    if concerned := session.info.pop(_CONCERNED, None):
        session.info["purges"].announce(concerned, session.info.pop(_NAME, None))


@event.listens_for(WatchedSession, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is not None:
        return
    concerned = session.info.pop(_CONCERNED, None)
    if concerned and session.info.pop(_NAME, None) is not None:
        # The commit was begun, and nobody said how it ended: it may have taken effect.
        session.info["purges"].announce(concerned)


def _concerned_by(state: InstanceState[Any], *, is_there: bool) -> set[str]:
    """The keys of the answers that an object's change puts out of date; of one that comes or goes, all it is in."""
    changed = {attribute.key for attribute in state.attrs if not is_there or attribute.history.has_changes()}
    match state.object:
        case Article() as article:
            return _by_article(article, state, changed)
        case Comment() as comment:
            return {keys.comments_of(comment.article_id)} if changed else set()
        case User() as user if is_there and changed & _SHOWN_OF_USERS:
            return {keys.author(user.id), keys.AUTHORS}
        case Tag() as tag if tag.id is not None and changed:
            return {keys.tag(tag.id), keys.TAGS, keys.TAGGED}
        case Category() as category if changed:
            return {keys.category(category.id), keys.CATEGORIES}
    return set()


def _by_article(article: Article, state: InstanceState[Any], changed: set[str]) -> set[str]:
    if not changed or not _is_or_was_public(state):
        return set()
    found = {keys.article(article.id)} if article.id is not None else set()
    if changed & _LISTED_BY:
        found |= {keys.ARTICLES, keys.AUTHORS, keys.TAGS, keys.CATEGORIES, *_tag_lists(state)}
    return found


def _is_or_was_public(state: InstanceState[Any]) -> bool:
    if not state.persistent:
        return bool(state.dict.get("status") is ArticleStatus.PUBLISHED)
    statuses, deletions = _values(state.attrs.status.history), _values(state.attrs.deleted_at.history)
    return (statuses is None or ArticleStatus.PUBLISHED in statuses) and (deletions is None or None in deletions)


def _values(history: History) -> set[Any] | None:
    """What an attribute was and is; nothing if it is not known what it was."""
    if not history.unchanged and not history.deleted:
        return None
    return {*history.added, *history.unchanged, *history.deleted}


def _tag_lists(state: InstanceState[Any]) -> Iterable[str]:
    """The lists of the tags that an article has or had; of all tags where that is not known."""
    tags = state.attrs.tags.history
    if not (tags.added or tags.unchanged or tags.deleted) and "tags" in state.unloaded:
        return [keys.TAGGED]
    return [keys.tagged(tag.slug) for tag in (*tags.added, *tags.unchanged, *tags.deleted)]
