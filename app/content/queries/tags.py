"""Queries for tags."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypedDict

from sqlalchemy import Select, String, Update, and_, bindparam, exists, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.cache import keys
from app.content.models import Article, Tag, article_tags
from app.content.queries.articles import is_published
from app.content.schemas.taxonomy import TagOut
from app.core.names import name_key
from app.db.changes.tracking import invalidates
from app.db.compiled_selects import CompiledSelect
from app.db.keyset import Order
from app.db.row_fields import SurrogateKey
from app.db.row_shapes import RowShape


class TagRefRow(TypedDict):
    """A tag, as an article refers to it."""

    slug: Annotated[str, Tag.slug, SurrogateKey(keys.tag, Tag.id)]
    name: Annotated[str, Tag.name]


class TagRow(TagRefRow):
    article_count: Annotated[int, Tag.article_count]


TAG = RowShape(TagRow, TagOut)
BY_SLUG = Order("tags", (Tag.slug,))
# Spelled out, as in the index. A tag that only drafts have would tell what somebody is writing about.
is_used = Tag.article_count > literal_column("0")
_tags = TAG.select()


@cache
def listing(*, unused: bool, cursor: bool, size: int) -> CompiledSelect:
    """A page of tags with the number of their public articles; those without any are included only if `unused`."""
    statement = BY_SLUG.added_to(BY_SLUG.first(_tags if unused else _tags.where(is_used), size))
    statement = statement.where(BY_SLUG.after_bound()) if cursor else statement
    return CompiledSelect(statement)


@cache
def with_slug(*, unused: bool) -> CompiledSelect:
    statement = _tags.where(Tag.slug == bindparam("slug", type_=String()))
    return CompiledSelect(statement if unused else statement.where(is_used))


def named(name_keys: Iterable[str], names: Iterable[str]) -> Select[tuple[Tag]]:
    """The tags with these names; one without a key only if its name is exactly one of them."""
    without_key = and_(Tag.name_key.is_(None), Tag.name.in_(list(names)))
    return select(Tag).where(or_(Tag.name_key.in_(list(name_keys)), without_key)).order_by(Tag.id)


def slugs_made_of(base: str) -> Select[tuple[str]]:
    """Those of `base`, with and without a suffix; slugs contain no wildcard characters."""
    return select(Tag.slug).where(or_(Tag.slug == base, Tag.slug.like(f"{base}-%")))


def insertion(names: Mapping[str, str], dialect: str, now: datetime) -> Any:
    """Tags with these names, by slug, unless there is one with the slug or the name already."""
    insert = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert
    # Spelled out, because SQLAlchemy cannot derive one column's default from another's for several rows at once.
    values = [
        {"slug": slug, "name": name, "name_key": name_key(name), "created_at": now, "updated_at": now}
        for slug, name in names.items()
    ]
    return insert(Tag).values(values).on_conflict_do_nothing()


def not_spelled_yet(tag_ids: Iterable[int], article_id: int) -> Select[tuple[int]]:
    """Those that no editor has named and no other article shows to anybody else than its author."""
    shown = exists().where(
        article_tags.c.tag_id == Tag.id,
        article_tags.c.article_id == Article.id,
        Article.id != article_id,
        is_published,
    )
    is_as_made = Tag.updated_at == Tag.created_at
    return select(Tag.id).where(Tag.id.in_(list(tag_ids)), is_as_made, ~shown).order_by(Tag.id)


def respelling(tag_id: int, name: str) -> Update:
    """Gives a tag this name, which is the one that it has but for the spelling."""
    statement = update(Tag).where(Tag.id == tag_id).values(name=name, updated_at=Tag.updated_at)
    return statement.execution_options(**invalidates(keys.tag(tag_id), keys.TAGS, keys.TAGGED))
