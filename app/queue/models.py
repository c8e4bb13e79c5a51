"""The jobs: what was decided on in a transaction and is done after it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.db.base import Base, PrimaryKey


class Job(Base):
    """Something to be done. Its row is deleted once that has happened; chores stay, and are done again."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("kind", "key"),
        Index("ix_jobs_kind_run_at", "kind", "run_at"),
        Base.__table_args__,
    )

    id: Mapped[PrimaryKey]
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # Of the jobs of a kind with the same key, one waits at most.
    key: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    # When to run (again); while it is running, when the lease ends; empty once it has been given up.
    run_at: Mapped[datetime | None] = mapped_column(default=clock.now)
    # Whoever enqueued it has chosen that time, however far away it is.
    is_scheduled: Mapped[bool] = mapped_column(default=False)
    # Whose it is while it is running.
    lease: Mapped[str | None] = mapped_column(String(32))
    # It was enqueued again while it was running, for this time.
    again_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
