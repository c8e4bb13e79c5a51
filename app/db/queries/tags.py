"""Selects of tags."""

from typing import Any

from sqlalchemy import Select, exists, func, select, true

from app.db.models import Article, Tag, article_tags
from app.db.queries.articles import is_public
from app.db.queries.keyset import Order

BY_SLUG = Order("tags", (Tag.slug,))


def with_article_counts(*, unused: bool) -> Select[Any]:
    """Tags with the number of published articles; those without any only where `unused` is wanted.

    A tag that only drafts have would tell what somebody is writing about.
    """
    # Looked up article by article: in a join, the databases would rather read all that is published.
    published = select(is_public).where(Article.id == article_tags.c.article_id).correlate(article_tags)
    uses = article_tags.c.tag_id == Tag.id, published.scalar_subquery()
    count = select(func.count()).where(*uses).correlate(Tag).scalar_subquery()
    return select(Tag, count).where(true() if unused else exists().where(*uses))
