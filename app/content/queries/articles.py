"""Queries for articles: which exist for whom, and which are in whose lists. Nothing else decides that."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import selectinload, undefer

from app.accounts.policies.actors import Actor, is_editor
from app.content.models import Article, ArticleCopy, ArticleKind, ArticleSlug, Visibility
from app.content.queries import schedules
from app.db.base import BigId
from app.db.keyset import Order

ListStatus = Literal["published", "draft", "scheduled", "deleted"]
# Who looks for an article: nobody known, whoever is logged in and perhaps its author, and editors.
Viewer = Literal["anonymous", "own", "editors"]
# Which of the articles of a status a list has: what everybody finds, what whoever is logged in finds, or all of them.
Reach = Literal["everybody", "members", "all"]

# Spelled out in the statements: what a parameter stands for is not known when a query is planned.
_PUBLISHED: ColumnElement[str] = literal_column("'published'")
_DRAFT: ColumnElement[str] = literal_column("'draft'")
is_page: ColumnElement[bool] = Article.kind == literal_column("'page'")
is_published = and_(Article.status == _PUBLISHED, Article.deleted_at.is_(None))
# By their addresses.
_is_readable_by_everybody = and_(is_published, Article.visibility != literal_column("'members'"))
# In lists.
_is_article = Article.kind == literal_column("'article'")
_is_public = Article.visibility == literal_column("'public'")
_is_not_unlisted = Article.visibility != literal_column("'unlisted'")
is_listed = and_(is_published, _is_article, _is_public)
is_listed_to_members = and_(is_published, _is_article, _is_not_unlisted)

is_own = Article.author_id == bindparam("actor_id", type_=BigId)

# What "newest" goes by: a draft has no date of publication yet.
_DATE: dict[ListStatus, Any] = {
    "published": Article.published_at,
    "draft": Article.created_at,
    "scheduled": schedules.published_at,
    "deleted": Article.deleted_at,
}


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
    """What exists for the actor: published articles, their own drafts, and all drafts for editors.

    What is for members exists for whoever is logged in.
    """
    condition = exists_for(viewer_of(actor))
    return condition.params(actor_id=actor.id) if actor is not None else condition


def viewer_of(actor: Actor) -> Viewer:
    if actor is None:
        return "anonymous"
    return "editors" if is_editor(actor) else "own"


def exists_for(viewer: Viewer) -> ColumnElement[bool]:
    """The same for selects that are built once; with the parameter `actor_id` for "own"."""
    if viewer == "anonymous":
        return _is_readable_by_everybody
    if viewer == "editors":
        return Article.deleted_at.is_(None)
    return or_(is_published, and_(is_own, Article.deleted_at.is_(None)))


def to_change() -> Select[tuple[Article]]:
    """Articles with their tags and bodies."""
    bodies = undefer(Article.body_markdown), undefer(Article.body_html)
    return select(Article).options(selectinload(Article.tags), *bodies)


def in_list(status: ListStatus, reach: Reach, *, leads: bool = True) -> ColumnElement[bool]:
    """The condition for being in a list of this status; only where it `leads` are the indexes of such lists used."""
    if status == "deleted":
        return Article.deleted_at.is_not(None)
    if status == "scheduled":
        return and_(schedules.is_scheduled(), Article.deleted_at.is_(None))
    if status == "draft":
        return and_(Article.status == _DRAFT, Article.deleted_at.is_(None))
    if reach == "all":
        return is_published
    # Neither database sees that what is equal is not distinct.
    is_article = _is_article if leads else Article.kind.is_not_distinct_from(literal_column("'article'"))
    return and_(is_published, is_article, _is_public if reach == "everybody" else _is_not_unlisted)


def sorted_as(kind: ArticleKind | None, visibility: Visibility | None) -> list[ColumnElement[bool]]:
    """The conditions for being of this kind and visibility, if they are given."""
    wanted = ((Article.kind, kind), (Article.visibility, visibility))
    return [column == literal_column(f"'{value}'") for column, value in wanted if value is not None]


def slugs_like(base: str) -> CompoundSelect[tuple[str]]:
    """The slugs made of `base` and a suffix that articles have or had; slugs contain no wildcard characters."""
    pattern = f"{base}-%"
    had = select(ArticleSlug.slug).where(ArticleSlug.slug.like(pattern))
    return select(Article.slug).where(Article.slug.like(pattern)).union(had)


def slugs_taken() -> CompoundSelect[tuple[str]]:
    """All slugs of articles and what is written beside them."""
    return select(Article.slug).union(select(ArticleCopy.slug))
