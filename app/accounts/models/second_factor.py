"""Second factors: what proves an account's owner besides the password."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, BigId, PrimaryKey
from app.db.counters import NOT_A_COUNTER


class Totp(Base):
    """The secret shared with an authenticator app; it counts once a code has confirmed it."""

    __tablename__ = "totps"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    encrypted_secret: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None]
    # The time step of the last code that was used: a code works once.
    last_step: Mapped[int | None] = mapped_column(BigId)


class RecoveryCode(Base):
    """Replaces a lost second factor for one login; it is deleted when used."""

    __tablename__ = "recovery_codes"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    # Whoever renewed them may not have been the owner. Never empty; SQLite adds no column that has to be filled.
    created_at: Mapped[datetime | None] = mapped_column(default=clock.now)


class Passkey(Base):
    """The public half of a WebAuthn credential."""

    __tablename__ = "passkeys"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigId, info=NOT_A_COUNTER)
    # Separated by spaces.
    transports: Mapped[str] = mapped_column(String(200))
    is_backed_up: Mapped[bool]
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A challenge for an authenticator to sign; deleted on the response, so that it can be used only once."""

    __tablename__ = "passkey_challenges"

    id: Mapped[PrimaryKey]
    challenge: Mapped[bytes] = mapped_column(LargeBinary(64), unique=True)
    # Nobody's as long as it is not known who logs in.
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
