"""Comments and their threads."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models.user import User
from app.content.models.article import Article
from app.db.base import Base, BigId, PrimaryKey, Timestamps, ordered_text
from app.db.counters import register_counter

MAX_DEPTH = 5
_STEP_WIDTH = 10


class Comment(Timestamps, Base):
    """One comment. `path` concatenates the ids from the thread's root, so that ordering by it walks the tree."""

    __tablename__ = "comments"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(ordered_text(_STEP_WIDTH * (MAX_DEPTH + 1)), default="")
    depth: Mapped[int] = mapped_column(default=0)
    body_markdown: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    author: Mapped[User] = relationship(lazy="raise")
    article: Mapped[Article] = relationship(lazy="raise")

    __table_args__ = (Index("ix_comments_article_id_path", "article_id", "path"), Base.__table_args__)

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    def place_below(self, parent: "Comment | None") -> None:
        """Set the position in the thread; needs the id, so flush first."""
        self.depth = parent.depth + 1 if parent else 0
        self.path = f"{parent.path if parent else ''}{self.id:0{_STEP_WIDTH}d}"

    def write(self, markdown: str, html: str) -> None:
        self.body_markdown = markdown
        self.body_html = html


register_counter(
    Article.__table__.c.comment_count,
    counts_rows_by=Comment.__table__.c.article_id,
    where=Comment.__table__.c.deleted_at.is_(None),
)
