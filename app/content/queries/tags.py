"""Queries for tags."""

from functools import cache
from typing import Annotated, TypedDict

from sqlalchemy import String, bindparam, literal_column

from app.cache import keys
from app.content.models import Tag
from app.content.schemas.taxonomy import TagOut
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
_is_used = Tag.article_count > literal_column("0")
_tags = TAG.select()


@cache
def listing(*, unused: bool, cursor: bool, size: int) -> CompiledSelect:
    """A page of tags with the number of their public articles; those without any are included only if `unused`."""
    statement = BY_SLUG.added_to(BY_SLUG.first(_tags if unused else _tags.where(_is_used), size))
    statement = statement.where(BY_SLUG.after_bound()) if cursor else statement
    return CompiledSelect(statement)


@cache
def with_slug(*, unused: bool) -> CompiledSelect:
    statement = _tags.where(Tag.slug == bindparam("slug", type_=String()))
    return CompiledSelect(statement if unused else statement.where(_is_used))
