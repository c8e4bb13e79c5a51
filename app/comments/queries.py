"""Queries for comments."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypedDict

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, exists, or_, select
from sqlalchemy.orm import aliased, contains_eager

from app.accounts.models import User
from app.cache import keys
from app.comments.models import Comment
from app.comments.schemas import CommentOut
from app.content.models import Article
from app.content.queries.articles import Viewer, exists_for
from app.content.queries.authors import AuthorRow
from app.db.base import BigId
from app.db.compiled_selects import CompiledSelect
from app.db.keyset import Order
from app.db.row_fields import NullWith, SurrogateKey
from app.db.row_shapes import RowShape

IN_THREADS = Order("comments:threads", (Comment.path,))
# Ids only grow, and theirs is an index that is there anyway.
NEWEST = Order("comments:newest", (Comment.id,), descending=True)
# Paths are digits, which come before letters in every order.
_AFTER_ALL_DIGITS = "z"


def _unless_deleted(column: Any) -> ColumnElement[Any]:
    return case((Comment.deleted_at.is_(None), column))


class CommentRow(TypedDict):
    """A comment; of a deleted one with replies only the position is left."""

    id: Annotated[
        int,
        Comment.id,
        SurrogateKey(keys.comments_of, Comment.article_id),
        SurrogateKey(keys.article, Comment.article_id),
    ]
    parent_id: Annotated[int | None, Comment.parent_id]
    depth: Annotated[int, Comment.depth]
    is_deleted: Annotated[bool, Comment.deleted_at.is_not(None)]
    author: Annotated[AuthorRow | None, NullWith(_unless_deleted(Comment.author_id))]
    body_markdown: Annotated[str | None, _unless_deleted(Comment.body_markdown)]
    body_html: Annotated[str | None, _unless_deleted(Comment.body_html)]
    created_at: Annotated[datetime, Comment.created_at]
    edited_at: Annotated[datetime | None, Comment.edited_at]


COMMENT = RowShape(CommentRow, CommentOut)


def _is_visible() -> ColumnElement[bool]:
    """Not deleted, or deleted but with a reply below it that is not."""
    response = aliased(Comment)
    below = and_(
        response.article_id == Comment.article_id,
        response.path > Comment.path,
        response.path < Comment.path.concat(_AFTER_ALL_DIGITS),
        response.deleted_at.is_(None),
    )
    return or_(Comment.deleted_at.is_(None), exists().where(below))


_with_author = COMMENT.select().select_from(Comment).join(User, User.id == Comment.author_id)
BY_ID = CompiledSelect(_with_author.where(Comment.id == bindparam("id", type_=BigId)))


@cache
def by_id(viewer: Viewer) -> CompiledSelect:
    """The comment with this id, unless it is deleted, if its article exists for the viewer."""
    found = _with_author.join(Article, Article.id == Comment.article_id)
    shown = Comment.id == bindparam("id", type_=BigId), Comment.deleted_at.is_(None), exists_for(viewer)
    return CompiledSelect(found.where(*shown))


@cache
def listing(viewer: Viewer, *, cursor: bool, size: int) -> CompiledSelect:
    """A page of the comments of the article with this slug, if it exists for the viewer."""
    article = select(Article.id).where(Article.slug == bindparam("slug", type_=String()), exists_for(viewer))
    inside = _with_author.where(Comment.article_id == article.scalar_subquery(), _is_visible())
    statement = IN_THREADS.added_to(IN_THREADS.first(inside, size))
    statement = statement.where(IN_THREADS.after_bound()) if cursor else statement
    return CompiledSelect(statement)


def with_author() -> Select[tuple[Comment]]:
    return select(Comment).join(Comment.author).options(contains_eager(Comment.author))


def for_moderation(deleted: bool | None) -> Select[Any]:
    """Comments of the whole blog with their articles: all, or only those that are or are not deleted."""
    statement = with_author().join(Comment.article).options(contains_eager(Comment.article))
    if deleted is None:
        return statement
    return statement.where(Comment.deleted_at.is_not(None) if deleted else Comment.deleted_at.is_(None))
