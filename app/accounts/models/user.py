"""Accounts."""

from datetime import datetime

from sqlalchemy import Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.roles import Role
from app.db.base import ArticleCount, Base, LowercaseString, PrimaryKey, Timestamps, one_of


class User(Timestamps, Base):
    """An account: a reader, author, editor or admin."""

    __tablename__ = "users"

    id: Mapped[PrimaryKey]
    # Empty until an address is confirmed: claiming one must not keep its owner from using it.
    email: Mapped[str | None] = mapped_column(LowercaseString(320), unique=True)
    # An address that waits to be confirmed: the first one, or one to change to. Several accounts may claim it.
    pending_email: Mapped[str | None] = mapped_column(LowercaseString(320), index=True)
    username: Mapped[str] = mapped_column(LowercaseString(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    bio: Mapped[str] = mapped_column(Text, default="")
    avatar_url: Mapped[str | None] = mapped_column(String(2000))
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    hashed_password: Mapped[str] = mapped_column(String(1024))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_verified: Mapped[bool] = mapped_column(default=False)
    has_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Part of every access token: raising it ends them all.
    token_version: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    article_count: Mapped[ArticleCount]

    # The authors among however many readers there are.
    __table_args__ = (
        Index(
            "ix_users_author_username",
            "username",
            sqlite_where=text("article_count > 0"),
            postgresql_where=text("article_count > 0"),
        ),
        Base.__table_args__,
    )

    @property
    def effective_role(self) -> Role:
        """The role in which the account acts: until its email address is confirmed, it is a reader."""
        return self.role if self.is_verified else Role.READER

    @property
    def is_superuser(self) -> bool:
        """What fastapi-users calls an admin."""
        return self.effective_role is Role.ADMIN

    @property
    def contact_email(self) -> str:
        """Where the account's owner can be reached, confirmed or not."""
        return self.email or self.pending_email or ""

    def confirm_email(self) -> bool:
        """Make the pending email the account's own. Returns whether it had not been confirmed before."""
        is_news = not self.is_verified or self.pending_email is not None
        self.email, self.pending_email = self.pending_email or self.email, None
        self.is_verified = True
        return is_news

    def change_password(self, hashed_password: str) -> None:
        """Set a new password and end everything that was logged in with the old one."""
        self.hashed_password = hashed_password
        self.end_access()

    def end_access(self) -> None:
        """Invalidate all access tokens of this account."""
        # Counted in the database, so that of two who do this at once neither takes the other's back.
        self.token_version = User.token_version + 1

    def deactivate(self) -> None:
        self.is_active = False
        self.end_access()

    def reactivate(self) -> None:
        self.is_active = True

    def anonymise(self, unusable_password: str, at: datetime) -> None:
        """Erase the person's data; what they wrote stays, under a placeholder name."""
        self.email = f"deleted-{self.id}@deleted.invalid"
        self.pending_email = None
        # With a full stop, which nobody's choice of a username can have.
        self.username = f"deleted.{self.id}"
        self.display_name = "Deleted account"
        self.bio = ""
        self.avatar_url = None
        self.is_verified = False
        self.has_second_factor = False
        self.hashed_password = unusable_password
        self.deleted_at = at
        self.deactivate()
