"""Drafts as clients send and see them."""

from datetime import datetime

from pydantic import Field

from app.content.models import ArticleKind, Visibility
from app.content.schemas.articles import ArticleText, CategoryRef
from app.content.schemas.authors import AuthorSummary
from app.content.schemas.schedules import ScheduleOut
from app.core.schemas.base import Output, Slug


class DraftInput(ArticleText):
    """A whole draft. What is omitted gets its default, but for where it is found and by whom: that stays."""

    slug: Slug | None = Field(default=None, description="Reserved as soon as the draft is saved. Stays if omitted.")
    kind: ArticleKind | None = Field(default=None, description="Stays if omitted.")
    visibility: Visibility | None = Field(default=None, description="Stays if omitted.")


class DraftOut(Output):
    """What is written and not published yet."""

    id: int = Field(examples=[42], description="The id of the article.")
    article_slug: str = Field(examples=["a-week-in-lisbon"], description="The slug that the article has now.")
    slug: str = Field(examples=["ten-days-in-lisbon"], description="The slug under which the draft will be published.")
    title: str = Field(examples=["Ten days in Lisbon"])
    body_markdown: str = Field(examples=["We arrived in **Lisbon** at dawn."])
    body_html: str = Field(examples=["<p>We arrived in <strong>Lisbon</strong> at dawn.</p>"])
    excerpt: str | None = Field(examples=[None], description="Null if it is to be taken from the body.")
    language: str = Field(examples=["en"])
    cover_image_url: str | None = Field(examples=["https://images.example.com/lisbon.jpg"])
    category: CategoryRef | None
    tags: list[str] = Field(examples=[["Slow travel"]])
    kind: ArticleKind = Field(examples=["article"])
    visibility: Visibility = Field(examples=["public"])
    word_count: int = Field(examples=[6])
    reading_minutes: int = Field(examples=[1])
    version: int = Field(examples=[8], description="The number of the revision with this text.")
    published_version: int | None = Field(
        examples=[5], description="The number of the revision that readers see. Null if there is none."
    )
    saved_at: datetime
    saved_by: AuthorSummary | None
    schedule: ScheduleOut | None
