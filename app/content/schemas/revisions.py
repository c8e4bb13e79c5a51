"""The history of an article as clients see it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.content.models import ArticleKind, Reason, Visibility
from app.content.models.revision import NAME_MAX_LENGTH
from app.content.schemas.articles import CategoryRef
from app.content.schemas.authors import AuthorSummary
from app.core.schemas.base import Input, Line, Output
from app.core.schemas.pages import Page, PageQuery

RevisionName = Annotated[Line, Field(max_length=NAME_MAX_LENGTH, examples=["As sent to the editor"])]


class RevisionListQuery(PageQuery):
    pass


class RevisionUpdate(Input):
    name: RevisionName | None = Field(description="Null takes the name away. A revision with a name stays for ever.")


class RevisionSummary(Output):
    """A revision in the history of an article."""

    number: int = Field(examples=[7], description="Counts up for each article. It is the version of the text.")
    created_at: datetime
    began_at: datetime = Field(description="When the first of the autosaves was made that this one stands for.")
    by: AuthorSummary | None = Field(description="Null for the command line, and for deleted accounts.")
    reason: Reason = Field(examples=["edit"])
    fields: list[str] = Field(examples=[["body_markdown", "title"]], description="What it changed.")
    name: str | None = Field(examples=["As sent to the editor"])
    was_published: bool = Field(examples=[False], description="Whether readers saw it.")
    title: str = Field(examples=["A week in Lisbon"])


class RevisionPage(Page[RevisionSummary]):
    """A page of the history, the newest revision first."""


class RevisionOut(RevisionSummary):
    """A revision with its text and fields."""

    slug: str = Field(examples=["a-week-in-lisbon"])
    body_markdown: str = Field(examples=["We arrived in **Lisbon** at night."])
    excerpt: str | None = Field(examples=[None])
    language: str = Field(examples=["en"])
    cover_image_url: str | None = Field(examples=["https://images.example.com/lisbon.jpg"])
    category: CategoryRef | None = Field(description="Null if there was none, or if it has been deleted since.")
    tags: list[str] = Field(examples=[["Slow travel"]])
    kind: ArticleKind = Field(examples=["article"])
    visibility: Visibility = Field(examples=["public"])
