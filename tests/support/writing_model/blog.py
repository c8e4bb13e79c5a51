"""What there is on the blog of the model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

# Who there is, by role; nobody is called "anonymous".
ANONYMOUS, READER, ANNA, BEN, EDITOR = PEOPLE = ("anonymous", "rita", "anna", "ben", "ed")
WRITERS = (ANNA, BEN, EDITOR)
ROLES = {READER: "reader", ANNA: "author", BEN: "author", EDITOR: "editor"}


class Refused(Exception):
    """What somebody wants is to be answered with one of these."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = statuses


@dataclass(eq=False)
class Category:
    """Everybody sees all of it."""

    slug: str
    name: str
    description: str
    parent: "Category | None" = None

    def line(self) -> "Iterator[Category]":
        """It and those above it."""
        yield self
        if self.parent is not None:
            yield from self.parent.line()


@dataclass(eq=False)
class Tag:
    slug: str
    name: str


@dataclass(eq=False)
class Comment:
    id: int
    author: str
    body: str
    is_deleted: bool = False


@dataclass(frozen=True)
class Text:
    """What is written of an article, by the names that clients use."""

    title: str
    slug: str
    body_markdown: str = ""
    excerpt: str | None = None
    cover_image_url: str | None = None
    category: Category | None = None
    tags: frozenset[str] = frozenset()
    kind: str = "article"
    visibility: str = "public"

    def shown(self) -> dict[str, Any]:
        category = self.category and (self.category.slug, self.category.name)
        return {**vars(self), "category": category, "tags": sorted(self.tags)}


@dataclass
class Revision:
    text: Text
    by: str
    is_autosave: bool = False
    # A later autosave of the same person may stand for it, and need not if it was made to another draft.
    is_superseded: bool = False
    name: str | None = None


@dataclass
class Copy:
    """A text beside that which readers see."""

    text: Text
    version: int


@dataclass(eq=False)
class Article:
    author: str
    # Its tags are in `tags`: they change by themselves.
    row: Text
    tags: set[Tag]
    id: int = 0
    version: int = 0
    draft: Copy | None = None
    scheduled: Copy | None = None
    is_published: bool = False
    # None before the first publication; "some day" until it has been seen.
    published_at: str | None = None
    is_deleted: bool = False
    comments: list[Comment] = field(default_factory=list)
    revisions: dict[int, Revision] = field(default_factory=dict)

    @property
    def text(self) -> Text:
        """What readers see once it is published."""
        return replace(self.row, tags=frozenset(tag.name for tag in self.tags))

    @property
    def is_public(self) -> bool:
        return self.is_published and not self.is_deleted

    @property
    def is_listed(self) -> bool:
        return self.is_public and self.row.kind == "article" and self.row.visibility == "public"

    @property
    def latest(self) -> int:
        return max(self.revisions, default=0)

    @property
    def written(self) -> Copy:
        """What a save of the draft changes."""
        return self.draft or Copy(self.text, self.version)

    @property
    def slugs(self) -> set[str]:
        """Those that nobody else can have."""
        return {self.row.slug, *(copy.text.slug for copy in (self.draft, self.scheduled) if copy)}

    @property
    def present_comments(self) -> list[Comment]:
        return [comment for comment in self.comments if not comment.is_deleted]


@dataclass
class Blog:
    articles: list[Article] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    # To which article a slug leads under which one was found once.
    leads_to: dict[str, Article] = field(default_factory=dict)
    # And to which ones it led before another took it over.
    led_to: dict[str, list[Article]] = field(default_factory=dict)
    # Those under which everybody has found the article.
    were_public: set[tuple[str, Article]] = field(default_factory=set)
    # The same for tags and categories, which readers have seen; None is one that is deleted.
    former_tags: dict[str, Tag | None] = field(default_factory=dict)
    former_categories: dict[str, Category | None] = field(default_factory=dict)
    _words: Iterator[int] = field(default_factory=lambda: count(1))

    def word(self) -> str:
        """One that is nowhere else, and can be a slug and the name of a tag."""
        return f"zq{next(self._words):05}qz"

    def tag_named(self, name: str) -> Tag:
        found = next((tag for tag in self.tags if tag.name == name), None)
        if found is None:
            found = Tag(name, name)
            self.tags.append(found)
        return found

    def tag_with(self, names: Iterable[str]) -> set[Tag]:
        return {self.tag_named(name) for name in names}
