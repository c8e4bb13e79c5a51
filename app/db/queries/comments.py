"""Selects of comments."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased, contains_eager

from app.db.models import Comment
from app.db.queries.keyset import Order

IN_THREADS = Order("comments:threads", (Comment.path,))
# Ids only grow, and theirs is an index that is there anyway.
NEWEST = Order("comments:newest", (Comment.id,), descending=True)
# Paths are digits, which come before letters in every order.
_AFTER_ALL_DIGITS = "z"


def with_author() -> Select[tuple[Comment]]:
    return select(Comment).join(Comment.author).options(contains_eager(Comment.author))


def shown() -> ColumnElement[bool]:
    """Not deleted, or deleted but with something still standing below it."""
    answer = aliased(Comment)
    below = and_(
        answer.article_id == Comment.article_id,
        answer.path > Comment.path,
        answer.path < Comment.path.concat(_AFTER_ALL_DIGITS),
        answer.deleted_at.is_(None),
    )
    return or_(Comment.deleted_at.is_(None), exists().where(below))


def for_moderation(deleted: bool | None) -> Select[Any]:
    """Comments of the whole blog with their articles, all or only those deleted or not."""
    statement = with_author().join(Comment.article).options(contains_eager(Comment.article))
    if deleted is None:
        return statement
    return statement.where(Comment.deleted_at.is_not(None) if deleted else Comment.deleted_at.is_(None))
