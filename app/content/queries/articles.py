"""Queries for articles."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import selectinload, undefer

from app.accounts.policies.actors import Actor, is_editor
from app.content.models import Article
from app.db.base import BigId
from app.db.keyset import Order

ListStatus = Literal["published", "draft", "deleted"]
# For whom an article may exist: for everybody, for everybody or its author, and for editors.
Viewer = Literal["anonymous", "own", "editors"]

# Spelled out in the statements: what a parameter stands for is not known when a query is planned.
_PUBLISHED: ColumnElement[str] = literal_column("'published'")
_DRAFT: ColumnElement[str] = literal_column("'draft'")
is_public = and_(Article.status == _PUBLISHED, Article.deleted_at.is_(None))

is_own = Article.author_id == bindparam("actor_id", type_=BigId)

# What "newest" goes by: a draft has no date of publication yet.
_DATE = {"published": Article.published_at, "draft": Article.created_at, "deleted": Article.deleted_at}


def order_of(sort: str, status: ListStatus) -> Order:
    """The order for a sort name; "newest" and "oldest" use the date that belongs to the status."""
    columns, descending = {
        "newest": (_DATE[status], True),
        "oldest": (_DATE[status], False),
        "most_commented": (Article.comment_count, True),
        "title": (Article.title_key, False),
    }[sort]
    return Order(f"articles:{status}:{sort}", (columns, Article.id), descending)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """What exists for the actor: published articles, their own drafts, and all drafts for editors."""
    condition = exists_for(viewer_of(actor))
    return condition.params(actor_id=actor.id) if actor is not None else condition


def viewer_of(actor: Actor) -> Viewer:
    if actor is None:
        return "anonymous"
    return "editors" if is_editor(actor) else "own"


def exists_for(viewer: Viewer) -> ColumnElement[bool]:
    """The same for selects that are built once; with the parameter `actor_id` for "own"."""
    if viewer == "anonymous":
        return is_public
    if viewer == "editors":
        return Article.deleted_at.is_(None)
    return or_(is_public, and_(is_own, Article.deleted_at.is_(None)))


def to_change() -> Select[tuple[Article]]:
    """Articles with their tags and bodies."""
    bodies = undefer(Article.body_markdown), undefer(Article.body_html)
    return select(Article).options(selectinload(Article.tags), *bodies)


def with_status(status: ListStatus) -> ColumnElement[bool]:
    """The condition for being listed under this status."""
    if status == "deleted":
        return Article.deleted_at.is_not(None)
    return is_public if status == "published" else and_(Article.status == _DRAFT, Article.deleted_at.is_(None))


def slugs_like(base: str) -> Select[Any]:
    """The slugs made of `base` and a suffix; slugs contain no wildcard characters."""
    return select(Article.slug).where(Article.slug.like(f"{base}-%"))
