"""Tags, which are created by being used."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.core.names import name_key
from app.db.base import ArticleCount, Base, BigId, PrimaryKey, Timestamps, UtcDateTime, ordered_text

# Of the key of a name, which may be longer than the name itself: a ligature becomes its letters.
NAME_KEY_MAX_LENGTH = 300

article_tags = Table(
    "article_tags",
    Base.metadata,
    Column("article_id", BigId, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", BigId, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True),
    # The article's, and null unless everybody finds it in lists, or whoever is logged in. The database keeps them
    # (`app/content/models/counters.py`).
    Column("published_at", UtcDateTime),
    Column("listed_at", UtcDateTime),
    Index("ix_article_tags_tag_id_published_at_article_id", "tag_id", "published_at", "article_id"),
    Index("ix_article_tags_tag_id_listed_at_article_id", "tag_id", "listed_at", "article_id"),
)


class Tag(Timestamps, Base):
    __tablename__ = "tags"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    # By which the name is compared. It is null where another tag had the same name before there were keys: such a tag
    # goes on, under its exact name, until it is renamed or merged.
    name_key: Mapped[str | None] = mapped_column(ordered_text(NAME_KEY_MAX_LENGTH))
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    article_count: Mapped[ArticleCount]

    __table_args__ = (
        Index("uq_tags_name_key", "name_key", unique=True),
        Index(
            "ix_tags_used_slug",
            "slug",
            sqlite_where=text("article_count > 0"),
            postgresql_where=text("article_count > 0"),
        ),
        Base.__table_args__,
    )

    @validates("name")
    def _derive_name_key(self, _name: str, name: str) -> str:
        self.name_key = name_key(name)
        return name
