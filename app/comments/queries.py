"""Queries for comments."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased, contains_eager

from app.accounts.models import User
from app.comments.models import Comment
from app.comments.schemas import CommentRow
from app.content.models import Article
from app.content.queries.articles import Viewer, exists_for
from app.content.schemas.rows import AuthorRow
from app.db.base import BigId
from app.db.compiled_selects import CompiledSelect, Row
from app.db.keyset import Order

IN_THREADS = Order("comments:threads", (Comment.path,))
# Ids only grow, and theirs is an index that is there anyway.
NEWEST = Order("comments:newest", (Comment.id,), descending=True)
# Paths are digits, which come before letters in every order.
_AFTER_ALL_DIGITS = "z"
# Where they are in a row.
ARTICLE_ID, AUTHOR_ID = 1, 5


def to_row(row: Row) -> CommentRow:
    """The row as shown; of a deleted comment with replies only the position is left."""
    comment_id, _, parent_id, depth, deleted_at, *rest = row
    _, username, display_name, avatar_url, markdown, html, created_at, edited_at, _ = rest
    gone = deleted_at is not None
    author: AuthorRow = {"username": username, "display_name": display_name, "avatar_url": avatar_url}
    return {
        "id": comment_id,
        "parent_id": parent_id,
        "depth": depth,
        "is_deleted": gone,
        "author": None if gone else author,
        "body_markdown": None if gone else markdown,
        "body_html": None if gone else html,
        "created_at": created_at,
        "edited_at": edited_at,
    }


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


_columns = (
    *(Comment.id, Comment.article_id, Comment.parent_id, Comment.depth, Comment.deleted_at),
    *(Comment.author_id, User.username, User.display_name, User.avatar_url),
    *(Comment.body_markdown, Comment.body_html, Comment.created_at, Comment.edited_at, Comment.path),
)
_with_author = select(*_columns).join(User, User.id == Comment.author_id)
BY_ID = CompiledSelect(_with_author.where(Comment.id == bindparam("id", type_=BigId)))


@cache
def listing(viewer: Viewer, *, cursor: bool, size: int) -> CompiledSelect:
    """A page of the comments of the article with this slug, if it exists for the viewer."""
    article = select(Article.id).where(Article.slug == bindparam("slug", type_=String()), exists_for(viewer))
    inside = _with_author.where(Comment.article_id == article.scalar_subquery(), _is_visible())
    statement = IN_THREADS.first(inside, size)
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
