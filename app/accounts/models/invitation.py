"""Invitations to register."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.roles import Role
from app.db.base import Base, BigId, LowercaseString, PrimaryKey, one_of


class Invitation(Base):
    """Allows one account to be registered with this role; only the digest of the token in its link is stored."""

    __tablename__ = "invitations"

    id: Mapped[PrimaryKey]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    # Where the link was mailed to; empty for one that was handed over by other means.
    email: Mapped[str | None] = mapped_column(LowercaseString(320))
    invited_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
