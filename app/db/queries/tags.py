"""Selects of tags."""

from typing import Any

from sqlalchemy import Select, func, select

from app.db.models import Article, Tag, article_tags
from app.db.queries.articles import is_public
from app.db.queries.keyset import Order

BY_SLUG = Order("tags", (Tag.slug,))


def with_article_counts(*, unused: bool) -> Select[Any]:
    """Tags with the number of published articles; those without any only where `unused` is wanted.

    A tag that only drafts have would tell what somebody is writing about.
    """
    counts = (
        select(article_tags.c.tag_id, func.count().label("count"))
        .join(Article, Article.id == article_tags.c.article_id)
        .where(is_public)
        .group_by(article_tags.c.tag_id)
        .subquery()
    )
    return select(Tag, func.coalesce(counts.c.count, 0)).join(counts, counts.c.tag_id == Tag.id, isouter=unused)
