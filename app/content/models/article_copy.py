"""Texts of an article beside the one that readers see."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.content.markup import RenderedArticle
from app.content.models.article import TITLE_MAX_LENGTH
from app.content.models.snapshot import Snapshot
from app.content.models.states import ArticleKind, Visibility
from app.core import clock
from app.db.base import Base, BigId, PrimaryKey, one_of
from app.db.counters import NOT_A_COUNTER


class Purpose(StrEnum):
    # What is being written beside a published article.
    DRAFT = "draft"
    # What a schedule will publish.
    SCHEDULED = "scheduled"


class ArticleCopy(Base):
    """A text of an article that readers do not see: the working copy, or the one that is scheduled.

    It is rendered when it is saved, so that publishing it takes no longer than a transaction.
    """

    __tablename__ = "article_copies"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"))
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose, "purpose"))
    # The number of the revision with the same text.
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(TITLE_MAX_LENGTH))
    given_excerpt: Mapped[str | None] = mapped_column(String(1000))
    derived_excerpt: Mapped[str] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(35))
    cover_image_url: Mapped[str | None] = mapped_column(String(2000))
    category_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("categories.id", ondelete="RESTRICT"), index=True)
    # Mere names: the tags are created when it is published.
    tags: Mapped[list[str]] = mapped_column(JSON)
    kind: Mapped[ArticleKind] = mapped_column(one_of(ArticleKind, "kind"))
    visibility: Mapped[Visibility] = mapped_column(one_of(Visibility, "visibility"))
    word_count: Mapped[int] = mapped_column(info=NOT_A_COUNTER)
    reading_minutes: Mapped[int]
    saved_at: Mapped[datetime] = mapped_column(default=clock.now)
    body_markdown: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("article_id", "purpose"), Base.__table_args__)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot.of(self, self.body_markdown, self.tags)

    @property
    def rendered(self) -> RenderedArticle:
        return RenderedArticle(self.body_html, self.derived_excerpt, self.word_count, self.reading_minutes)

    def write(self, text: Snapshot, rendered: RenderedArticle) -> None:
        """Replace the text and what is derived from it."""
        text.write_to(self)
        self.tags = list(text.tags)
        self.body_markdown = text.body_markdown
        self.render(rendered)

    def render(self, rendered: RenderedArticle) -> None:
        """Set what is derived from the body."""
        self.body_html = rendered.html
        self.derived_excerpt = rendered.excerpt
        self.word_count = rendered.word_count
        self.reading_minutes = rendered.reading_minutes
