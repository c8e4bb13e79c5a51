"""Reactions to articles."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, BigId, PrimaryKey, one_of


class ReactionKind(StrEnum):
    LIKE = "like"
    LOVE = "love"
    LAUGH = "laugh"


class Reaction(Base):
    """That an account likes an article, or what else it feels about it."""

    __tablename__ = "reactions"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[ReactionKind] = mapped_column(one_of(ReactionKind, "kind"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    __table_args__ = (
        UniqueConstraint("user_id", "article_id", "kind"),
        Index("ix_reactions_article_id_kind", "article_id", "kind"),
        Base.__table_args__,
    )
