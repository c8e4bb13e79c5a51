"""The comments in the export of an account."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.accounts.exports.parts import JsonList
from app.accounts.models import User
from app.comments.models import Comment
from app.core.schemas.base import Output


class ExportedComment(Output):
    id: int
    article: str = Field(description="The article's slug.")
    parent_id: int | None
    body_markdown: str
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


def _comments(user_id: int, after: int) -> Select[tuple[Comment]]:
    return (
        select(Comment)
        .where(Comment.author_id == user_id, Comment.id > after)
        .options(joinedload(Comment.article))
        .order_by(Comment.id)
    )


def _comment(comment: Comment, _author: User) -> ExportedComment:
    return ExportedComment(
        id=comment.id,
        article=comment.article.slug,
        parent_id=comment.parent_id,
        body_markdown=comment.body_markdown,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted_at=comment.deleted_at,
    )


COMMENTS = JsonList("comments.json", "your comments; deleted ones have the date of their deletion", _comments, _comment)
