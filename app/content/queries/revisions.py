"""Queries for the history of articles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.sql.dml import ReturningUpdate

from app.content.models import Article, ArticleCopy, Purpose, Reason, Revision, RevisionText
from app.db.changes.tracking import invalidates
from app.db.keyset import Order

NEWEST = Order("revisions", (Revision.number,), descending=True)
# Revisions that are due at once and may be of one article.
_LOOKED_AT = 1000
# For what is counted of an article beside what readers see of it.
UNSEEN_BY_READERS = {**invalidates(), "synchronize_session": False}
# What the body is made of (`app/content/revision_bodies.py`).
WITH_TEXT = joinedload(Revision.text).joinedload(RevisionText.base)


def of_article(article_id: int) -> Select[tuple[Revision]]:
    """Those that are listed."""
    return (
        select(Revision)
        .where(Revision.article_id == article_id, Revision.superseded_at.is_(None))
        .options(joinedload(Revision.by), joinedload(Revision.category))
    )


def numbered(article_id: int, number: int) -> Select[tuple[Revision]]:
    """A revision with its text, superseded or not."""
    found = select(Revision).where(Revision.article_id == article_id, Revision.number == number)
    return found.options(joinedload(Revision.by), joinedload(Revision.category), WITH_TEXT)


def text_of(article_id: int, number: int) -> Select[tuple[int]]:
    """The id of a revision's text."""
    return select(Revision.text_id).where(Revision.article_id == article_id, Revision.number == number)


def made(article_id: int, number: int) -> Select[tuple[Revision]]:
    """A revision with who made it."""
    found = select(Revision).where(Revision.article_id == article_id, Revision.number == number)
    return found.options(joinedload(Revision.by)).execution_options(populate_existing=True)


def newest_whole_text(article_id: int) -> Select[tuple[RevisionText]]:
    """The text that the article's next one is compared with."""
    whole = select(RevisionText).where(RevisionText.article_id == article_id, RevisionText.base_id.is_(None))
    return whole.order_by(RevisionText.id.desc()).limit(1)


def next_number(article_id: int) -> ReturningUpdate[tuple[int]]:
    """Count one more revision of an article, of which nothing else changes."""
    values = {"latest_revision": Article.latest_revision + 1, "updated_at": Article.updated_at}
    return update(Article).where(Article.id == article_id).values(values).returning(Article.latest_revision)


def autosave_to_stand_for(revision: Revision, since: datetime, onto: int) -> Select[tuple[Revision, bool]]:
    """The same person's earlier autosave for which this one can stand, made to the version `onto`.

    It began after `since`, and what it says was not thrown away as a whole meanwhile: by discarding the draft, by
    restoring another text, or by changing what readers see. Nor will it be published by a schedule. Beside it stands
    whether everybody who has saved since then, up to this one, knew what they replaced.
    """
    between = aliased(Revision)
    is_article_s = Revision.article_id == revision.article_id
    thrown_away = exists().where(
        between.article_id == revision.article_id,
        between.number > Revision.number,
        between.number < revision.number,
        or_(between.reason == Reason.RESTORE, between.was_published),
    )
    # By everybody who has saved since then.
    made_blindly = exists().where(
        between.article_id == revision.article_id,
        between.number > Revision.number,
        between.number <= revision.number,
        between.is_informed.is_(False),
    )
    return (
        select(Revision, ~made_blindly)
        .where(
            is_article_s,
            Revision.number <= onto,
            Revision.by_id == revision.by_id,
            Revision.reason == Reason.AUTOSAVE,
            Revision.superseded_at.is_(None),
            Revision.name.is_(None),
            Revision.began_at > since,
            ~thrown_away,
            ~_in_copy(ArticleCopy.purpose == Purpose.SCHEDULED),
        )
        .options(WITH_TEXT)
        .order_by(Revision.number.desc())
        .limit(1)
    )


def is_shown_now() -> ColumnElement[bool]:
    """Whether the article, or a copy of it, has this very text: other texts are compared with it."""
    in_article = exists().where(Article.id == Revision.article_id, Article.version == Revision.number)
    return or_(in_article, _in_copy())


def _in_copy(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    in_copy = ArticleCopy.article_id == Revision.article_id, ArticleCopy.version == Revision.number
    return exists().where(*in_copy, *conditions)


class AgeRow(NamedTuple):
    """What decides how long a revision stays, and when that is asked next."""

    id: int
    article_id: int
    number: int
    created_at: datetime
    superseded_at: datetime | None
    thin_out_at: datetime | None
    # It was published, or has a name.
    stays_for_ever: bool
    is_shown: bool


def ages(article_ids: Sequence[int]) -> Select[Any]:
    """An `AgeRow` of every revision of these articles, article by article."""
    return (
        select(
            *(Revision.id, Revision.article_id, Revision.number),
            *(Revision.created_at, Revision.superseded_at, Revision.thin_out_at),
            or_(Revision.was_published, Revision.name.is_not(None)),
            is_shown_now(),
        )
        .where(Revision.article_id.in_(article_ids))
        .order_by(Revision.article_id, Revision.number)
    )


def articles_to_thin_out(now: datetime, number: int) -> Select[tuple[int]]:
    """The ids of some articles with revisions of which it is asked by now whether to keep them."""
    due = select(Revision.article_id).where(Revision.thin_out_at < now).order_by(Revision.thin_out_at)
    return select(due.limit(_LOOKED_AT).subquery().c.article_id).distinct().limit(number)


def unused_texts(article_ids: Sequence[int]) -> Select[tuple[int]]:
    """The ids of texts of these articles that no revision has and no other text differs from."""
    other = aliased(RevisionText)
    used = exists().where(Revision.text_id == RevisionText.id)
    needed = exists().where(other.base_id == RevisionText.id)
    return select(RevisionText.id).where(and_(RevisionText.article_id.in_(article_ids), ~used, ~needed))
