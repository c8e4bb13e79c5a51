"""Queries for tags."""

from functools import cache

from sqlalchemy import String, bindparam, literal_column, select

from app.content.models import Tag
from app.content.schemas.rows import TagRow
from app.db.compiled_selects import CompiledSelect, Row
from app.db.keyset import Order

# Where it is in a row.
ID = 0
BY_SLUG = Order("tags", (Tag.slug,))
# Spelled out, as in the index. A tag that only drafts have would tell what somebody is writing about.
_is_used = Tag.article_count > literal_column("0")
_tags = select(Tag.id, Tag.name, Tag.article_count, Tag.slug)


def to_row(row: Row) -> TagRow:
    _, name, article_count, slug = row
    return {"slug": slug, "name": name, "article_count": article_count}


@cache
def listing(*, unused: bool, cursor: bool, size: int) -> CompiledSelect:
    """A page of tags with the number of their public articles; those without any are included only if `unused`."""
    statement = BY_SLUG.first(_tags if unused else _tags.where(_is_used), size)
    statement = statement.where(BY_SLUG.after_bound()) if cursor else statement
    return CompiledSelect(statement)


@cache
def with_slug(*, unused: bool) -> CompiledSelect:
    statement = _tags.where(Tag.slug == bindparam("slug", type_=String()))
    return CompiledSelect(statement if unused else statement.where(_is_used))
