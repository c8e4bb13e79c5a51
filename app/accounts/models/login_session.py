"""Login sessions and their refresh tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, BigId, PrimaryKey


class LoginSession(Base):
    """One login on one device. It ends by being deleted together with all its tokens."""

    __tablename__ = "login_sessions"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(String(300))
    ip_address: Mapped[str] = mapped_column(String(45))
    # When the owner last proved who they are; what matters most asks for a recent one.
    authenticated_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RefreshToken(Base):
    """A refresh token of a session. Used ones are kept: if one is presented again, it was stolen."""

    __tablename__ = "refresh_tokens"

    id: Mapped[PrimaryKey]
    session_id: Mapped[int] = mapped_column(BigId, ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    # Each use leads to the next generation, and ends all that are not younger than the one used.
    generation: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]
