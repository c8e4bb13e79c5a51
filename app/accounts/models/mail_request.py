"""Mails that somebody asked for by naming an address."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, LowercaseString, PrimaryKey, one_of


class RequestedMail(StrEnum):
    PASSWORD_RESET = "password_reset"
    VERIFICATION = "verification"


class MailRequest(Base):
    """Which mail to which address, as it was asked for. Whether there is such an account is found out afterwards."""

    __tablename__ = "mail_requests"

    id: Mapped[PrimaryKey]
    mail: Mapped[RequestedMail] = mapped_column(one_of(RequestedMail, "mail"))
    email: Mapped[str] = mapped_column(LowercaseString(320))
    # Who asked, for the audit log.
    ip_address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
