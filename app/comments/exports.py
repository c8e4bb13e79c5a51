"""The comments in the export of an account."""

from datetime import datetime

from pydantic import Field
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import contains_eager

from app.accounts.exports.parts import JsonList
from app.accounts.policies.actors import Principal
from app.comments.models import Comment
from app.content.models import Article
from app.content.queries.articles import visible_to
from app.core.schemas.base import Output


class ExportedComment(Output):
    id: int
    article: str | None = Field(description="The article's slug, unless it is one that the owner may not read now.")
    parent_id: int | None
    body_markdown: str
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


def _comments(author: Principal, after: int) -> Select[tuple[Comment]]:
    """Their comments, with those of the articles that they may read."""
    return (
        select(Comment)
        .outerjoin(Article, and_(Article.id == Comment.article_id, visible_to(author)))
        .options(contains_eager(Comment.article))
        .where(Comment.author_id == author.id, Comment.id > after)
        .order_by(Comment.id)
    )


def _comment(comment: Comment, _author: Principal) -> ExportedComment:
    article: Article | None = comment.article
    return ExportedComment(
        id=comment.id,
        article=article.slug if article is not None else None,
        parent_id=comment.parent_id,
        body_markdown=comment.body_markdown,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        deleted_at=comment.deleted_at,
    )


COMMENTS = JsonList(
    "comments.json",
    "your comments; deleted ones have the date of their deletion, and the article is left out if you cannot read it "
    "now: because it is a draft again, or deleted",
    _comments,
    _comment,
)
