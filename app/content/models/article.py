"""Articles."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.accounts.models.user import User
from app.content.markup import RenderedArticle
from app.content.models.category import Category
from app.content.models.snapshot import Snapshot
from app.content.models.states import ArticleKind, ArticleStatus, Visibility
from app.content.models.tag import Tag, article_tags
from app.core.slugs import sort_key
from app.db.base import Base, BigId, PrimaryKey, Timestamps, one_of, ordered_text
from app.db.counters import NOT_A_COUNTER

if TYPE_CHECKING:
    from app.content.models.article_copy import ArticleCopy

TITLE_MAX_LENGTH = 200
# The default is SQLite's condition for adding such a column.
Body = Annotated[str, mapped_column(Text, deferred=True, deferred_raiseload=True, sort_order=1, server_default="")]


# As in `app/content/queries/articles.py`: an index is used where it is known to have all that is asked for.
_IS_ARTICLE = "status = 'published' AND deleted_at IS NULL AND kind = 'article'"
_LISTED, _LISTED_TO_MEMBERS = f"{_IS_ARTICLE} AND visibility = 'public'", f"{_IS_ARTICLE} AND visibility != 'unlisted'"


def _indexes(*columns: str) -> tuple[Index, Index]:
    """For the lists of everybody and of members: neither walks past what it does not show."""
    name = "_".join(["ix_articles", *columns, "id"])
    return _index(name, *columns, "id", where=_LISTED), _index(
        f"{name}_members", *columns, "id", where=_LISTED_TO_MEMBERS
    )


def _index(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Article(Timestamps, Base):
    """An article. Its HTML, excerpt and counts are derived once, when the body is written."""

    __tablename__ = "articles"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_MAX_LENGTH))
    # The title as lists are sorted by it.
    title_key: Mapped[str] = mapped_column(ordered_text(TITLE_MAX_LENGTH))
    given_excerpt: Mapped[str | None] = mapped_column(String(1000))
    derived_excerpt: Mapped[str] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(35), default="en")
    cover_image_url: Mapped[str | None] = mapped_column(String(2000))
    status: Mapped[ArticleStatus] = mapped_column(one_of(ArticleStatus, "status"), default=ArticleStatus.DRAFT)
    published_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    kind: Mapped[ArticleKind] = mapped_column(
        one_of(ArticleKind, "kind"), default=ArticleKind.ARTICLE, server_default=ArticleKind.ARTICLE.value
    )
    visibility: Mapped[Visibility] = mapped_column(
        one_of(Visibility, "visibility"), default=Visibility.PUBLIC, server_default=Visibility.PUBLIC.value
    )
    # The numbers of the revision that the row shows, and of the newest one.
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    latest_revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    word_count: Mapped[int] = mapped_column(info=NOT_A_COUNTER)
    reading_minutes: Mapped[int]
    # The database counts them (`app/comments/models.py`).
    comment_count: Mapped[int] = mapped_column(default=0)
    # Where an imported article comes from, so that importing it again finds it; what it was like there; and when it
    # was last taken over: an article that was changed later than that was changed here.
    source: Mapped[str | None] = mapped_column(String(500), unique=True)
    source_digest: Mapped[str | None] = mapped_column(String(64))
    imported_at: Mapped[datetime | None]
    author_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    category_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("categories.id", ondelete="RESTRICT"), index=True)
    # Lists never need the bodies: whoever does asks for them. They are the last columns: SQLite reads what stands
    # behind them through all pages that they fill. A migration that adds a column moves them behind it, as 0009 does.
    body_markdown: Mapped[Body]
    body_html: Mapped[Body]

    author: Mapped[User] = relationship(lazy="raise")
    category: Mapped[Category | None] = relationship(lazy="raise")
    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, order_by=Tag.slug, lazy="raise")
    copies: Mapped[list["ArticleCopy"]] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        CheckConstraint("status = 'draft' OR published_at IS NOT NULL", name="published_has_date"),
        *_indexes("status", "published_at"),
        *_indexes("status", "title_key"),
        *_indexes("status", "comment_count"),
        *_indexes("author_id", "status", "published_at"),
        *_indexes("category_id", "status", "published_at"),
        _index("ix_articles_drafts_created_at_id", "created_at", "id", where="status = 'draft'"),
        Base.__table_args__,
    )

    @property
    def excerpt(self) -> str:
        return self.given_excerpt or self.derived_excerpt

    @property
    def snapshot(self) -> Snapshot:
        """What is written in it; its body and its tags have to be loaded."""
        return Snapshot.of(self, self.body_markdown, [tag.name for tag in self.tags])

    @property
    def rendered(self) -> RenderedArticle:
        return RenderedArticle(self.body_html, self.derived_excerpt, self.word_count, self.reading_minutes)

    @validates("title")
    def _derive_title_key(self, _name: str, title: str) -> str:
        self.title_key = sort_key(title)[:TITLE_MAX_LENGTH]
        return title

    def write(self, markdown: str, rendered: RenderedArticle) -> None:
        """Set the body and everything derived from it."""
        self.body_markdown = markdown
        self.body_html = rendered.html
        self.derived_excerpt = rendered.excerpt
        self.word_count = rendered.word_count
        self.reading_minutes = rendered.reading_minutes

    def publish(self, at: datetime) -> None:
        self.status = ArticleStatus.PUBLISHED
        self.published_at = at

    def unpublish(self) -> None:
        """Make it a draft again; its date is kept for the next publication."""
        self.status = ArticleStatus.DRAFT
