"""Articles as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, ValidationInfo, field_validator

from app.content.models import NAME_KEY_MAX_LENGTH, ArticleKind, ArticleStatus, Visibility
from app.content.schemas.authors import AuthorSummary
from app.content.wall_times import in_zone, known_zone
from app.core.names import name_key
from app.core.schemas.base import (
    Input,
    LanguageTag,
    Line,
    OptionalText,
    Output,
    SafeStr,
    Slug,
    Timestamp,
    WebUrl,
    in_utc,
    number_in_text,
    refuse_numbers,
    unchanged,
)
from app.core.schemas.pages import MAX_SKIP, Page, PageQuery

BODY_MAX_LENGTH = 500_000
# Of a request, in which a character may take six.
MAX_ARTICLE_BYTES = 3 * 1024 * 1024

Title = Annotated[Line, Field(max_length=200, examples=["A week in Lisbon"])]
Body = Annotated[
    SafeStr,
    Field(
        max_length=BODY_MAX_LENGTH,
        description="CommonMark with tables, footnotes and strikethrough.",
        examples=["We arrived in **Lisbon** at night."],
    ),
]
Excerpt = Annotated[OptionalText, Field(max_length=1000, examples=["We arrived in Lisbon at night."])]


def _refuse_long_key(name: str) -> str:
    if len(name_key(name)) > NAME_KEY_MAX_LENGTH:
        raise ValueError("is too long")
    return name


# A character can stand for eighteen others, which are what names are compared by.
TagName = Annotated[Line, Field(max_length=100, examples=["Slow travel"]), AfterValidator(_refuse_long_key)]
TagNames = Annotated[
    list[TagName],
    Field(
        max_length=30,
        description="Tag names, compared without regard to case. Tags that don't exist yet are created.",
    ),
]
CategorySlug = Annotated[Slug, Field(examples=["travel"])]
SlugQuery = Annotated[SafeStr, Field(max_length=120)]

# What becomes of a draft when the text that readers see is changed beside it.
DraftFate = Literal["discard", "keep"]

_KIND = "A `page` is in no list and has no date."
_VISIBILITY = "Once published: `unlisted` is in no list, and `members` is only for those who are logged in."

TimeZone = Annotated[SafeStr, Field(max_length=64, examples=["Europe/Lisbon"]), AfterValidator(known_zone)]
# With an offset or without one; a number would count as seconds since 1970.
ScheduledTime = Annotated[datetime, BeforeValidator(refuse_numbers)]
_WALL_TIME = (
    "A moment, or with `time_zone` a time without an offset: the first one that clocks there show, if they show it "
    "twice."
)

ArticleSort = Literal["newest", "oldest", "most_commented", "title"]


class ArticleText(Input):
    """What is written of an article."""

    title: Title
    body_markdown: Body = ""
    excerpt: Excerpt | None = Field(default=None, description="Taken from the body if omitted.")
    language: LanguageTag = "en"
    cover_image_url: WebUrl | None = None
    category: CategorySlug | None = Field(default=None, description="A category's slug.")
    tags: TagNames = Field(default=[])


class ArticleInput(ArticleText):
    slug: Slug | None = Field(
        default=None,
        description="Derived from the title if omitted. Unique among all articles, including the drafts of others.",
    )
    status: ArticleStatus = ArticleStatus.DRAFT
    kind: ArticleKind = Field(default=ArticleKind.ARTICLE, description=_KIND)
    visibility: Visibility = Field(default=Visibility.PUBLIC, description=_VISIBILITY)


class ArticleUpdate(Input):
    """What to change. Omitted fields stay unchanged; changing the title does not change the slug."""

    title: Title = unchanged()
    body_markdown: Body = unchanged()
    slug: Slug = unchanged()
    excerpt: Excerpt | None = unchanged("Null to take it from the body again.")
    language: LanguageTag = unchanged()
    cover_image_url: WebUrl | None = unchanged()
    category: CategorySlug | None = unchanged()
    tags: TagNames = unchanged()
    kind: ArticleKind = unchanged(_KIND)
    visibility: Visibility = unchanged(_VISIBILITY)


class PublicationInput(Input):
    published_at: Timestamp | None = Field(
        default=None,
        description="The date that readers see, which must not be later than the publication. Defaults to the previous "
        "publication date, or to the time of the publication.",
    )
    time_zone: TimeZone | None = Field(
        default=None, description="Whose clocks `publish_at` and `unpublish_at` go by, whenever these are changed."
    )
    publish_at: ScheduledTime | None = Field(
        default=None,
        description=f"When to publish the draft as it is now; at once if omitted. {_WALL_TIME}",
        examples=["2031-03-31T09:00:00Z"],
    )
    unpublish_at: ScheduledTime | None = Field(
        default=None,
        description="When to turn the article back into a draft. If omitted, that stays as it is scheduled; null for "
        f"never. {_WALL_TIME}",
        examples=["2031-04-30T18:00:00Z"],
    )

    @field_validator("publish_at", "unpublish_at")
    @classmethod
    def _place(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        if value is None or "time_zone" not in info.data:
            return value
        zone = info.data["time_zone"]
        if zone is not None:
            return in_zone(value, zone)
        if value.tzinfo is None:
            raise ValueError("must have an offset, or come with `time_zone`")
        return in_utc(value)


class ArticleListQuery(PageQuery):
    author: SlugQuery | None = Field(default=None, description="An author's username.")
    category: SlugQuery | None = Field(default=None, description="A category's slug. Its subcategories are included.")
    tag: Annotated[list[SlugQuery], Field(max_length=10)] = Field(
        default=[], description="A tag's slug. Repeat it to get only articles that have all of these tags."
    )
    status: Literal["published", "draft", "scheduled", "deleted"] = Field(
        default="published",
        description="`draft` shows your own drafts, or all drafts to editors. `scheduled` shows what is to be "
        "published later, sorted by when, likewise. `deleted` is for editors only.",
    )
    kind: ArticleKind | None = Field(
        default=None, description="`page` shows your own pages, or all pages to editors, which are in no other list."
    )
    visibility: Visibility | None = Field(
        default=None,
        description="`unlisted` shows your own, or all to editors, which are in no other list. `members` is for those "
        "who are logged in.",
    )
    published_after: Timestamp | None = None
    published_before: Timestamp | None = None
    sort: ArticleSort = "newest"
    skip: Annotated[StrictInt, Field(ge=0, le=MAX_SKIP), number_in_text] = Field(
        default=0, description="How many articles to skip, for small offsets. Use `cursor` to go further."
    )

    @property
    def asks_for_unlisted(self) -> bool:
        """Whether it asks for what is in no list unless asked for."""
        return self.kind is ArticleKind.PAGE or self.visibility is Visibility.UNLISTED


class TagRef(Output):
    slug: str = Field(examples=["slow-travel"])
    name: str = Field(examples=["Slow travel"])


class CategoryRef(Output):
    slug: str = Field(examples=["travel"])
    name: str = Field(examples=["Travel"])


class ArticleSummary(Output):
    """An article in a list."""

    id: int = Field(examples=[42])
    version: int = Field(examples=[7], description="Changes with the text and its fields, not with comments.")
    slug: str = Field(examples=["a-week-in-lisbon"])
    title: str = Field(examples=["A week in Lisbon"])
    excerpt: str = Field(examples=["We arrived in Lisbon at night."])
    status: ArticleStatus = Field(examples=["published"])
    kind: ArticleKind = Field(examples=["article"])
    visibility: Visibility = Field(examples=["public"])
    language: str = Field(examples=["en"])
    cover_image_url: str | None = Field(examples=["https://images.example.com/lisbon.jpg"])
    author: AuthorSummary
    category: CategoryRef | None
    tags: list[TagRef]
    word_count: int = Field(examples=[6])
    reading_minutes: int = Field(examples=[1])
    comment_count: int = Field(examples=[3])
    published_at: datetime | None = Field(description="Null for pages and before the first publication.")
    created_at: datetime
    updated_at: datetime


class ArticlePage(Page[ArticleSummary]):
    """A page of articles."""


class ArticleOut(ArticleSummary):
    """An article with its body."""

    body_markdown: str = Field(examples=["We arrived in **Lisbon** at night."])
    body_html: str = Field(examples=["<p>We arrived in <strong>Lisbon</strong> at night.</p>"])


def article_validator(article_id: int, version: int) -> str:
    """What stands for a version of an article at the beginning of entity tags."""
    return f"{article_id}.{version}"
