"""Queries for the history of articles."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import User
from app.content.models import Article, ArticleCopy, Reason, Revision, RevisionText
from app.db.keyset import Order

NEWEST = Order("revisions", (Revision.number,), descending=True)
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


def author_of(article_id: int, number: int) -> Select[tuple[User]]:
    """Who made a revision."""
    made = Revision.article_id == article_id, Revision.number == number
    return select(User).join(Revision, Revision.by_id == User.id).where(*made)


def newest_whole_text(article_id: int) -> Select[tuple[RevisionText]]:
    """The text that the article's next one is compared with."""
    whole = select(RevisionText).where(RevisionText.article_id == article_id, RevisionText.base_id.is_(None))
    return whole.order_by(RevisionText.id.desc()).limit(1)


def autosave_by(account_id: int, article_id: int, since: datetime, before: int) -> Select[tuple[Revision]]:
    """The autosave of a person for which one with the number `before` can stand: begun at most so long ago."""
    return (
        select(Revision)
        .where(
            Revision.article_id == article_id,
            Revision.number < before,
            Revision.by_id == account_id,
            Revision.reason == Reason.AUTOSAVE,
            Revision.superseded_at.is_(None),
            Revision.name.is_(None),
            Revision.began_at > since,
        )
        .order_by(Revision.number.desc())
        .limit(1)
    )


def is_shown_now() -> ColumnElement[bool]:
    """Whether the article, or a copy of it, has this very text: other texts are compared with it."""
    in_article = exists().where(Article.id == Revision.article_id, Article.version == Revision.number)
    in_copy = exists().where(ArticleCopy.article_id == Revision.article_id, ArticleCopy.version == Revision.number)
    return or_(in_article, in_copy)


def unused_texts(article_ids: list[int]) -> Select[tuple[int]]:
    """The ids of texts of these articles that no revision has and no other text differs from."""
    other = aliased(RevisionText)
    used = exists().where(Revision.text_id == RevisionText.id)
    needed = exists().where(other.base_id == RevisionText.id)
    return select(RevisionText.id).where(and_(RevisionText.article_id.in_(article_ids), ~used, ~needed))
