"""Selects of categories."""

from typing import Any

from sqlalchemy import Select, func, select

from app.db.models import Article, ArticleStatus, Category


def subtree_ids(slug: str) -> Select[tuple[int]]:
    """The ids of a category and of all below it."""
    tree = select(Category.id).where(Category.slug == slug).cte("category_subtree", recursive=True)
    tree = tree.union_all(select(Category.id).join(tree, Category.parent_id == tree.c.id))
    return select(tree.c.id)


def with_article_counts() -> Select[Any]:
    """Every category with the number of published articles directly in it."""
    counts = (
        select(Article.category_id, func.count().label("count"))
        .where(Article.status == ArticleStatus.PUBLISHED, Article.deleted_at.is_(None))
        .group_by(Article.category_id)
        .subquery()
    )
    return select(Category, func.coalesce(counts.c.count, 0)).outerjoin(counts, counts.c.category_id == Category.id)
