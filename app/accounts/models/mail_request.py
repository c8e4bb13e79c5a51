"""Requests for an email to a given address."""

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
    """Which email was requested for which address. Whether there is such an account is found out later."""

    __tablename__ = "mail_requests"

    id: Mapped[PrimaryKey]
    mail: Mapped[RequestedMail] = mapped_column(one_of(RequestedMail, "mail"))
    email: Mapped[str] = mapped_column(LowercaseString(320))
    # Who asked, for the audit log.
    ip_address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
