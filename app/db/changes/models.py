"""What other processes have to forget of the answers that they keep."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, PrimaryKey


class Purge(Base):
    """An announcement: its name, then the keys of what a transaction has changed."""

    __tablename__ = "purges"

    id: Mapped[PrimaryKey]
    message: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=clock.now)
