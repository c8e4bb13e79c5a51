"""Personal access tokens, with which scripts log in."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.scopes import Scope
from app.db.base import Base, BigId, PrimaryKey

# Uses are noted no more often than this: a script that asks a hundred times a minute writes once.
RECORD_USE_EVERY = timedelta(minutes=10)


class PersonalToken(Base):
    __tablename__ = "personal_tokens"

    id: Mapped[PrimaryKey]
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    # Separated by spaces, as in OAuth.
    scope: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    @property
    def scopes(self) -> frozenset[Scope]:
        return frozenset(Scope(word) for word in self.scope.split())

    def should_record_use(self, at: datetime) -> bool:
        """Whether `last_used_at` would be too far off if a use at this moment were not recorded."""
        return self.last_used_at is None or at - self.last_used_at >= RECORD_USE_EVERY
