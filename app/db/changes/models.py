"""Invalidations that other processes have to hear of, on SQLite."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, PrimaryKey


class Invalidation(Base):
    """One broadcast: its id, then the surrogate keys of what a transaction has changed."""

    __tablename__ = "invalidations"

    id: Mapped[PrimaryKey]
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=clock.now)
