"""Selects of articles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload, undefer

from app.db.models import Article, ArticleStatus, Tag, User, article_tags
from app.db.queries.categories import subtree_ids
from app.db.queries.keyset import Order
from app.policies.actors import Actor, is_editor

ListStatus = Literal["published", "draft", "deleted"]

is_public = and_(Article.status == ArticleStatus.PUBLISHED, Article.deleted_at.is_(None))

# What "newest" goes by: a draft has no date of publication yet.
_DATE = {"published": Article.published_at, "draft": Article.created_at, "deleted": Article.deleted_at}


def order_of(sort: str, status: ListStatus) -> Order:
    """The order for a sort name; "newest" and "oldest" go by the date that the status has."""
    columns, descending = {
        "newest": (_DATE[status], True),
        "oldest": (_DATE[status], False),
        "most_commented": (Article.comment_count, True),
        "title": (Article.title_key, False),
    }[sort]
    return Order(f"articles:{status}:{sort}", (columns, Article.id), descending)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """What exists for the actor: what is published, own drafts, and all drafts for editors."""
    if actor is None:
        return is_public
    if is_editor(actor):
        return Article.deleted_at.is_(None)
    return or_(is_public, and_(Article.author_id == actor.id, Article.deleted_at.is_(None)))


def summaries() -> Select[tuple[Article]]:
    """Articles with what a list shows of them; two queries whatever their number."""
    return (
        select(Article)
        .join(Article.author)
        .options(contains_eager(Article.author), joinedload(Article.category), selectinload(Article.tags))
    )


def whole() -> Select[tuple[Article]]:
    """Articles with all that there is about them."""
    return summaries().options(undefer(Article.body_markdown), undefer(Article.body_html))


def with_status(actor: Actor, status: ListStatus) -> ColumnElement[bool]:
    """The part of a status that is the actor's to see in a list."""
    if status == "published":
        return is_public
    if status == "deleted":
        return Article.deleted_at.is_not(None)
    own = true() if is_editor(actor) else Article.author_id == (actor.id if actor else None)
    return and_(Article.status == ArticleStatus.DRAFT, Article.deleted_at.is_(None), own)


def by_author(username: str) -> ColumnElement[bool]:
    return User.username == username


def in_category(slug: str) -> ColumnElement[bool]:
    """In the category or in one below it."""
    return Article.category_id.in_(subtree_ids(slug))


def with_tags(slugs: Sequence[str]) -> ColumnElement[bool]:
    """With every one of these tags."""
    wanted = set(slugs)
    tagged = (
        select(article_tags.c.article_id)
        .join(Tag, Tag.id == article_tags.c.tag_id)
        .where(Tag.slug.in_(wanted))
        .group_by(article_tags.c.article_id)
        .having(func.count() == len(wanted))
    )
    return Article.id.in_(tagged)


def published_between(after: datetime | None, before: datetime | None) -> list[ColumnElement[bool]]:
    """Published after the one moment and before the other, either of which may be left open."""
    bounds: list[ColumnElement[bool]] = []
    if after is not None:
        bounds.append(Article.published_at > after)
    if before is not None:
        bounds.append(Article.published_at < before)
    return bounds


def slugs_like(base: str) -> Select[Any]:
    """The slugs made of `base` and a suffix; slugs have no wildcard characters in them."""
    return select(Article.slug).where(Article.slug.like(f"{base}-%"))
