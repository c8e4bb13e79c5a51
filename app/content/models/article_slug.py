"""The slugs of articles: those that they have, and those under which they were public."""

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigId, PrimaryKey


class ArticleSlug(Base):
    """A slug that an article holds, or under which one was public, which is answered for ever.

    It may lead to one article and be held by another: by a draft that is to be published under it.
    """

    __tablename__ = "article_slugs"

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    # The article that has it, or whose working copy or schedule has it.
    held_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("articles.id", ondelete="SET NULL"), index=True)
    # The last one that was published under it.
    leads_to: Mapped[int | None] = mapped_column(BigId, ForeignKey("articles.id", ondelete="SET NULL"), index=True)
    # Whether everybody could see one under it: of what only members saw, nobody else learns anything.
    was_public: Mapped[bool] = mapped_column(server_default=false())


class TakenSlug(Base):
    """A slug under which an article was public before another took it over, to which it leads since then.

    It leads to this one again when the other cannot be seen.
    """

    __tablename__ = "taken_slugs"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(120))
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    # Whether everybody could see it.
    was_public: Mapped[bool]

    __table_args__ = (UniqueConstraint("slug", "article_id"), Base.__table_args__)
