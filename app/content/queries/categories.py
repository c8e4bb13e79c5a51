"""Queries for categories."""

from typing import NamedTuple

from sqlalchemy import String, bindparam, select

from app.content.models import Category
from app.db.compiled_selects import CompiledSelect


class CategoryRow(NamedTuple):
    id: int
    parent_id: int | None
    slug: str
    name: str
    description: str
    # Of articles directly in it.
    article_count: int


_columns = (Category.id, Category.parent_id, Category.slug, Category.name, Category.description, Category.article_count)
ALL = CompiledSelect(select(*_columns))

_tree = select(Category.id).where(Category.slug == bindparam("slug", type_=String())).cte("subtree", recursive=True)
_tree = _tree.union_all(select(Category.id).join(_tree, Category.parent_id == _tree.c.id))
# The ids of a category and of all below it.
SUBTREE = CompiledSelect(select(_tree.c.id).order_by(_tree.c.id))
