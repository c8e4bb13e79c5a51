"""The outbox: mails that were decided on and have not been sent yet."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, PrimaryKey


class OutboxMail(Base):
    """A mail to be sent. Its row is deleted once the mail server has accepted it."""

    __tablename__ = "outbox_mails"

    id: Mapped[PrimaryKey]
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)
    # When to try (again); empty once it has been given up.
    next_attempt_at: Mapped[datetime | None] = mapped_column(default=clock.now, index=True)
    last_error: Mapped[str | None] = mapped_column(Text)
