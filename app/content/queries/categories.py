"""Queries for categories."""

from typing import Annotated, NamedTuple, TypedDict

from sqlalchemy import CompoundSelect, String, bindparam, select, union

from app.cache import keys
from app.content.models import Article, ArticleCopy, Category
from app.db.compiled_selects import CompiledSelect
from app.db.row_fields import SurrogateKey
from app.db.row_shapes import columns_of


class CategoryRefRow(TypedDict):
    """A category, as an article refers to it."""

    slug: Annotated[str, Category.slug, SurrogateKey(keys.category, Category.id)]
    name: Annotated[str, Category.name]


class CategoryRow(NamedTuple):
    """A category in the tree, which is made of all of them."""

    id: Annotated[int, Category.id]
    parent_id: Annotated[int | None, Category.parent_id]
    slug: Annotated[str, Category.slug]
    name: Annotated[str, Category.name]
    description: Annotated[str, Category.description]
    # Of articles directly in it.
    article_count: Annotated[int, Category.article_count]


ALL = CompiledSelect(select(*columns_of(CategoryRow)))

_tree = select(Category.id).where(Category.slug == bindparam("slug", type_=String())).cte("subtree", recursive=True)
_tree = _tree.union_all(select(Category.id).join(_tree, Category.parent_id == _tree.c.id))
# The ids of a category and of all below it.
SUBTREE = CompiledSelect(select(_tree.c.id).order_by(_tree.c.id))


def articles_inside(slug: str) -> CompoundSelect[tuple[int]]:
    """The ids of the articles that are in a category, or that a copy puts there."""
    category_id = select(Category.id).where(Category.slug == slug).scalar_subquery()
    return union(
        select(Article.id).where(Article.category_id == category_id),
        select(ArticleCopy.article_id).where(ArticleCopy.category_id == category_id),
    )
