"""Accounts that are about to be deleted."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, BigId, one_of


class ArticleDisposition(StrEnum):
    """What happens to the articles of a deleted account."""

    HAND_OVER = "hand_over"
    REMOVE = "remove"


class AccountDeletion(Base):
    """The owner's request to delete an account at `due_at`; logging in before then cancels it."""

    __tablename__ = "account_deletions"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    articles: Mapped[ArticleDisposition] = mapped_column(one_of(ArticleDisposition, "articles"))
    successor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    requested_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime] = mapped_column(index=True)
