"""The history of articles."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models.user import User
from app.content.models.article import TITLE_MAX_LENGTH, Article
from app.content.models.category import Category
from app.content.models.states import ArticleKind, Visibility
from app.db.base import Base, BigId, PrimaryKey, one_of

NAME_MAX_LENGTH = 100


class Reason(StrEnum):
    """Why a revision was made."""

    AUTOSAVE = "autosave"
    EDIT = "edit"
    PUBLISH = "publish"
    IMPORT = "import"
    RESTORE = "restore"
    SCHEDULE = "schedule"


def _needed_text() -> ForeignKey:
    # Checked last: with an article, its revisions and their texts go in whatever order.
    return ForeignKey("revision_texts.id", deferrable=True, initially="DEFERRED")


class RevisionText(Base):
    """The body of one or more revisions of an article, compressed: whole, or as what differs from another."""

    __tablename__ = "revision_texts"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"))
    # The text that it differs from, which is a whole one.
    base_id: Mapped[int | None] = mapped_column(BigId, _needed_text(), index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)

    base: Mapped["RevisionText | None"] = relationship(lazy="raise", remote_side="RevisionText.id")

    __table_args__ = (
        # All texts of an article; and its newest whole one, which is what the next text is compared with.
        Index("ix_revision_texts_article_id_base_id_id", "article_id", "base_id", "id"),
        Base.__table_args__,
    )


class Revision(Base):
    """An article as it was saved once; it never changes, but for its name."""

    __tablename__ = "revisions"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"))
    # Counts up by itself for each article: `Article.version` is the number of the revision that readers see.
    number: Mapped[int]
    created_at: Mapped[datetime]
    # When the autosaves that this one stands for began.
    began_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    reason: Mapped[Reason] = mapped_column(one_of(Reason, "reason"))
    # The names of those that it changed.
    fields: Mapped[list[str]] = mapped_column(JSON)
    name: Mapped[str | None] = mapped_column(String(NAME_MAX_LENGTH))
    # Whoever made it had the text before them that it replaces, and said so.
    is_informed: Mapped[bool] = mapped_column(default=False)
    # Readers saw it.
    was_published: Mapped[bool]
    # Since when a later autosave of the same person stands for it. It is read only to merge what is based on it.
    superseded_at: Mapped[datetime | None]
    # When to ask next whether it is worth keeping (`app/content/services/thinning_out.py`). Null: it stays for ever.
    thin_out_at: Mapped[datetime | None] = mapped_column(index=True)
    slug: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(TITLE_MAX_LENGTH))
    given_excerpt: Mapped[str | None] = mapped_column(String(1000))
    language: Mapped[str] = mapped_column(String(35))
    cover_image_url: Mapped[str | None] = mapped_column(String(2000))
    category_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("categories.id", ondelete="SET NULL"), index=True)
    tags: Mapped[list[str]] = mapped_column(JSON)
    kind: Mapped[ArticleKind] = mapped_column(one_of(ArticleKind, "kind"))
    visibility: Mapped[Visibility] = mapped_column(one_of(Visibility, "visibility"))
    text_id: Mapped[int] = mapped_column(BigId, _needed_text(), index=True)

    article: Mapped[Article] = relationship(lazy="raise")
    by: Mapped[User | None] = relationship(lazy="raise")
    category: Mapped[Category | None] = relationship(lazy="raise")
    text: Mapped[RevisionText] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("article_id", "number"), Base.__table_args__)
