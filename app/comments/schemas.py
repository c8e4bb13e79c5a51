"""Comments as clients send and see them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt

from app.content.schemas.authors import AuthorSummary
from app.core.schemas.base import MAX_ID, Input, Output, Prose, TextBool
from app.core.schemas.pages import Page, PageQuery

CommentBody = Annotated[
    Prose,
    Field(
        max_length=10_000,
        description="Markdown with emphasis, links, lists, quotes and code.",
        examples=["I *miss* Lisbon."],
    ),
]


class CommentInput(Input):
    body_markdown: CommentBody
    parent_id: Annotated[StrictInt, Field(ge=1, le=MAX_ID)] | None = Field(
        default=None, examples=[None], description="The comment that this one replies to."
    )


class CommentUpdate(Input):
    body_markdown: CommentBody


class CommentOut(Output):
    """A comment. A deleted comment with replies keeps its place in the thread, but author and bodies are null."""

    id: int = Field(examples=[8])
    parent_id: int | None = Field(examples=[7])
    depth: int = Field(examples=[1])
    is_deleted: bool
    author: AuthorSummary | None
    body_markdown: str | None = Field(examples=["I *miss* Lisbon."])
    body_html: str | None = Field(examples=["<p>I <em>miss</em> Lisbon.</p>"])
    created_at: datetime
    edited_at: datetime | None


class CommentPage(Page[CommentOut]):
    """A page of the comments on an article."""


class ModeratedComment(Output):
    """A comment on any article as editors see it, deleted or not."""

    id: int = Field(examples=[8])
    article_slug: str = Field(examples=["a-week-in-lisbon"])
    parent_id: int | None = Field(examples=[7])
    author: AuthorSummary
    body_markdown: str = Field(examples=["I *miss* Lisbon."])
    body_html: str = Field(examples=["<p>I <em>miss</em> Lisbon.</p>"])
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


class ModeratedCommentPage(Page[ModeratedComment]):
    """A page of the comments of the whole blog."""


class CommentListQuery(PageQuery):
    pass


class ModerationQuery(PageQuery):
    deleted: TextBool | None = Field(
        default=None, description="True for deleted comments only, false for the others only."
    )
