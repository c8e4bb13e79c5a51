"""Email changes of accounts, for as long as they can be undone."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, BigId, LowercaseString, PrimaryKey


class EmailChange(Base):
    """The requested or completed change of an account's email. Undoing it also ends all later changes."""

    __tablename__ = "email_changes"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(LowercaseString(320))
    new_email: Mapped[str] = mapped_column(LowercaseString(320))
    requested_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
