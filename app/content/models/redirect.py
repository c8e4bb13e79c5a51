"""Redirects: what is answered for an address at which there is nothing any more."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.site_paths import MAX_PATH_LENGTH, MAX_TARGET_LENGTH
from app.db.base import Base, BigId, PrimaryKey, Timestamps, one_of, ordered_text

GONE = 410
NOTE_MAX_LENGTH = 300


class RedirectMatch(StrEnum):
    EXACT = "exact"
    # The path and everything below it.
    PREFIX = "prefix"


class Redirect(Timestamps, Base):
    """Leads from a path to a target, or to an article whatever its slug; to neither if what was there is gone."""

    __tablename__ = "redirects"

    id: Mapped[PrimaryKey]
    source: Mapped[str] = mapped_column(ordered_text(MAX_PATH_LENGTH))
    match: Mapped[RedirectMatch] = mapped_column(one_of(RedirectMatch, "match"))
    target: Mapped[str | None] = mapped_column(String(MAX_TARGET_LENGTH))
    article_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    status: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(NOTE_MAX_LENGTH))
    hits: Mapped[int] = mapped_column(default=0)
    last_hit_at: Mapped[datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("users.id", ondelete="SET NULL"), index=True)

    __table_args__ = (
        UniqueConstraint("source", "match"),
        CheckConstraint("status IN (301, 302, 307, 308, 410)", name="status"),
        CheckConstraint(
            "(CASE WHEN target IS NULL THEN 0 ELSE 1 END) + (CASE WHEN article_id IS NULL THEN 0 ELSE 1 END) "
            "= (CASE WHEN status = 410 THEN 0 ELSE 1 END)",
            name="leads_somewhere_unless_gone",
        ),
        Base.__table_args__,
    )
