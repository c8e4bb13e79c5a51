"""What is to become of an article, and when."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.content.models.article import Article
from app.core import clock
from app.db.base import Base, BigId, PrimaryKey, one_of


class Failure(StrEnum):
    """Why an article could not be published at its time."""

    # Deactivated, about to be deleted, or no author any more.
    AUTHOR_INACTIVE = "author_inactive"
    # Whoever scheduled it may not publish it any more.
    NOT_ALLOWED = "not_allowed"
    SLUG_TAKEN = "slug_taken"


class Schedule(Base):
    """When an article's scheduled copy is published, and when readers are not to see the article any more.

    A time that was said for a time zone is kept as it was said, with the offset that it had then: what moment that is
    depends on rules that governments change.
    """

    __tablename__ = "schedules"

    id: Mapped[PrimaryKey]
    article_id: Mapped[int] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"), unique=True)
    publish_at: Mapped[datetime | None]
    publish_said: Mapped[str | None] = mapped_column(String(40))
    unpublish_at: Mapped[datetime | None]
    unpublish_said: Mapped[str | None] = mapped_column(String(40))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    # The date that readers are to see, unless it is that of the publication.
    published_at: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # It was to be published, and could not be.
    failed_at: Mapped[datetime | None]
    failure: Mapped[Failure | None] = mapped_column(one_of(Failure, "failure"))

    article: Mapped[Article] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("publish_at IS NOT NULL OR unpublish_at IS NOT NULL", name="schedules_something"),
        CheckConstraint("unpublish_at > publish_at", name="ends_after_it_begins"),
        Base.__table_args__,
    )

    @property
    def publishes_at(self) -> datetime | None:
        """When the copy is to be published, if that is still to come."""
        return self.publish_at if self.failed_at is None else None
