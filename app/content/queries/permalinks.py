"""Where what was public under a slug is now, for those who may see it, and whether it is deleted."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    distinct,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import User
from app.content.models import (
    Article,
    ArticleSlug,
    Category,
    FormerName,
    Named,
    Tag,
    TakenSlug,
    article_tags,
)
from app.content.queries import article_rows, tags
from app.content.queries.articles import Viewer, exists_for
from app.content.queries.authors import WITH_USERNAME
from app.db.compiled_selects import CompiledSelect

Resource = Literal["article", "tag", "category", "author"]
_INSERTS = {"sqlite": sqlite, "postgresql": postgresql}
_slug = bindparam("slug", type_=String())
_COLUMNS = {Named.TAG: FormerName.tag_id, Named.CATEGORY: FormerName.category_id, Named.AUTHOR: FormerName.user_id}
# As in the index.
_has_published = User.article_count > literal_column("0")

# --- What is found under a slug -------------------------------------------------------------------------------------

_CATEGORY = CompiledSelect(select(Category.id).where(Category.slug == _slug))


def living(resource: Resource, viewer: Viewer) -> tuple[CompiledSelect, str]:
    """The select that finds something if it is there for the viewer, and the name of its parameter."""
    if resource == "article":
        return article_rows.id_by_slug(viewer), "slug"
    if resource == "tag":
        return tags.with_slug(unused=viewer == "editors"), "slug"
    return (_CATEGORY, "slug") if resource == "category" else (WITH_USERNAME, "username")


# --- What was found under it ----------------------------------------------------------------------------------------


@cache
def former(resource: Resource, viewer: Viewer) -> CompiledSelect:
    """Its present slug, or null if that is not for the viewer to know, and whether it is gone."""
    return CompiledSelect(_former_article(viewer) if resource == "article" else _former_name(Named(resource), viewer))


def _former_article(viewer: Viewer) -> Select[Any]:
    is_deleted = or_(Article.id.is_(None), Article.deleted_at.is_not(None))
    return (
        select(case((exists_for(viewer), Article.slug)), and_(ArticleSlug.was_public, is_deleted))
        .select_from(ArticleSlug)
        .outerjoin(Article, Article.id == ArticleSlug.leads_to)
        .where(ArticleSlug.slug == _slug)
    )


@cache
def taken_from(viewer: Viewer) -> CompiledSelect:
    """The same of the articles from which the slug was taken, the last one first."""
    is_gone = and_(TakenSlug.was_public, Article.deleted_at.is_not(None))
    found = select(case((exists_for(viewer), Article.slug)), is_gone).select_from(TakenSlug)
    joined = found.join(Article, Article.id == TakenSlug.article_id).where(TakenSlug.slug == _slug)
    return CompiledSelect(joined.order_by(TakenSlug.id.desc()))


def _former_name(resource: Named, viewer: Viewer) -> Select[Any]:
    present, is_visible = _present_name(resource, viewer)
    column = _COLUMNS[resource]
    names = present.class_
    return (
        select(case((is_visible, present)), column.is_(None))
        .select_from(FormerName)
        .outerjoin(names, names.id == column)
        .where(FormerName.resource == resource, FormerName.slug == bindparam("slug", type_=present.type))
    )


def _present_name(resource: Named, viewer: Viewer) -> tuple[Any, ColumnElement[bool]]:
    if resource is Named.TAG:
        return Tag.slug, Tag.id.is_not(None) if viewer == "editors" else tags.is_used
    if resource is Named.CATEGORY:
        return Category.slug, Category.id.is_not(None)
    return User.username, _has_published


# --- What is kept of it ---------------------------------------------------------------------------------------------


def keeping(resource: Named, slug: str, target_id: int | None, dialect: str) -> Any:
    """Has a former name lead to this, or to nothing if that is deleted."""
    values = {column.key: target_id if kind is resource else None for kind, column in _COLUMNS.items()}
    insert = _INSERTS[dialect].insert(FormerName).values(resource=resource, slug=slug, **values)
    return insert.on_conflict_do_update(index_elements=[FormerName.resource, FormerName.slug], set_=values)


def public_tags(ids: Sequence[int]) -> Select[tuple[int]]:
    """Those of these tags that an article has, or had when it was last edited, that is or was public."""
    was_public = exists().where(ArticleSlug.leads_to == article_tags.c.article_id, ArticleSlug.was_public)
    is_public = article_tags.c.published_at.is_not(None)
    return select(distinct(article_tags.c.tag_id)).where(
        article_tags.c.tag_id.in_(list(ids)), or_(is_public, was_public)
    )


def was_public_author(user_id: int) -> Select[Any]:
    """Whether an article of this account is or was public."""
    was_public = exists().where(
        Article.author_id == user_id, ArticleSlug.leads_to == Article.id, ArticleSlug.was_public
    )
    is_public = exists().where(User.id == user_id, _has_published)
    return select(or_(is_public, was_public))
