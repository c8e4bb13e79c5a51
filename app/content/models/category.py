"""Categories: a tree that editors maintain."""

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import ArticleCount, Base, BigId, PrimaryKey, Timestamps


class Category(Timestamps, Base):
    __tablename__ = "categories"

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(100))
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("categories.id", ondelete="RESTRICT"), index=True)
    # Of those directly in it.
    article_count: Mapped[ArticleCount]
