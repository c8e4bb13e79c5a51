"""How many public articles each filter of a list lets through, by the counters that the database keeps."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, String, bindparam, func, select

from app.accounts.models import User
from app.content.models import Category, Tag
from app.db.base import BigId
from app.db.compiled_selects import CompiledSelect

_KEPT = 256


@lru_cache(_KEPT)
def filter_sizes(tags: int, author: bool, categories: int) -> CompiledSelect:
    """One row: of each tag, then of the author, then of all categories together; null for what there is not.

    The parameters are those of the listing: `tag_0` …, `author`, `category_0` ….
    """
    counts = [
        select(Tag.article_count).where(Tag.slug == bindparam(f"tag_{number}", type_=String()))
        for number in range(tags)
    ]
    if author:
        counts.append(select(User.article_count).where(User.username == bindparam("author", type_=User.username.type)))
    if categories:
        ids = [bindparam(f"category_{number}", type_=BigId) for number in range(categories)]
        counts.append(select(func.sum(Category.article_count)).where(Category.id.in_(ids)))
    row: Select[Any] = select(*(count.scalar_subquery() for count in counts))
    return CompiledSelect(row)
