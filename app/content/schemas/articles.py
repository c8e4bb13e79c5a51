"""Articles as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.content.models import ArticleStatus
from app.content.schemas.authors import AuthorSummary
from app.core.schemas.base import Input, LanguageTag, Line, Moment, Output, SafeStr, Slug, WebUrl, unchanged
from app.core.schemas.pages import MAX_SKIP, PageQuery

Title = Annotated[Line, Field(max_length=200)]
Body = Annotated[SafeStr, Field(max_length=500_000, description="CommonMark, with tables, footnotes, strikethrough.")]
Excerpt = Annotated[SafeStr, Field(max_length=1000)]
TagName = Annotated[Line, Field(max_length=100)]
TagNames = Annotated[list[TagName], Field(max_length=30, description="By name; those that are new are made.")]
SlugQuery = Annotated[SafeStr, Field(max_length=120)]

ArticleSort = Literal["newest", "oldest", "most_commented", "title"]


class ArticleInput(Input):
    title: Title
    body_markdown: Body = ""
    slug: Slug | None = Field(default=None, description="Made of the title where it is not given.")
    excerpt: Excerpt | None = Field(default=None, description="Taken from the body where it is not given.")
    language: LanguageTag = "en"
    cover_image_url: WebUrl | None = None
    category: Slug | None = Field(default=None, description="A category's slug.")
    tags: TagNames = Field(default=[])
    status: ArticleStatus = ArticleStatus.DRAFT


class ArticleUpdate(Input):
    """What to change; a field that is left out stays. The slug stays too when only the title changes."""

    title: Title = unchanged()
    body_markdown: Body = unchanged()
    slug: Slug = unchanged()
    excerpt: Excerpt | None = unchanged("Null: taken from the body again.")
    language: LanguageTag = unchanged()
    cover_image_url: WebUrl | None = unchanged()
    category: Slug | None = unchanged()
    tags: TagNames = unchanged()


class PublicationInput(Input):
    published_at: Moment | None = Field(
        default=None, description="Not in the future. Left out: the date it had, or now."
    )


class ArticleListQuery(PageQuery):
    author: SlugQuery | None = Field(default=None, description="An author's username.")
    category: SlugQuery | None = Field(default=None, description="A category's slug; those below it are included.")
    tag: Annotated[list[SlugQuery], Field(max_length=10)] = Field(
        default=[], description="A tag's slug. Given several times: only articles that have them all."
    )
    status: Literal["published", "draft", "deleted"] = Field(
        default="published", description="Drafts: your own, or all for editors. Deleted: for editors."
    )
    published_after: Moment | None = None
    published_before: Moment | None = None
    sort: ArticleSort = "newest"
    skip: Annotated[int, Field(ge=0, le=MAX_SKIP)] = Field(
        default=0, description="How many to leave out; for small steps. Use the cursor for the rest."
    )


class TagRef(Output):
    slug: str
    name: str


class CategoryRef(Output):
    slug: str
    name: str


class ArticleSummary(Output):
    """An article in a list."""

    id: int
    slug: str
    title: str
    excerpt: str
    status: ArticleStatus
    language: str
    cover_image_url: str | None
    author: AuthorSummary
    category: CategoryRef | None
    tags: list[TagRef]
    word_count: int
    reading_minutes: int
    comment_count: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ArticleOut(ArticleSummary):
    """An article with its body."""

    body_markdown: str
    body_html: str
