"""schedules

When articles are published, and when they are drafts again.

Revision ID: 0014
Revises: 0012
Create Date: 2026-12-01 04:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", _id(), nullable=False),
        sa.Column("article_id", _id(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("publish_said", sa.String(length=40), nullable=True),
        sa.Column("unpublish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unpublish_said", sa.String(length=40), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", _id(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "failure",
            sa.Enum(
                "author_inactive",
                "not_allowed",
                "slug_taken",
                name="failure",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "publish_at IS NOT NULL OR unpublish_at IS NOT NULL", name=op.f("ck_schedules_schedules_something")
        ),
        sa.CheckConstraint("unpublish_at > publish_at", name=op.f("ck_schedules_ends_after_it_begins")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_schedules_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_schedules_by_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("article_id", name=op.f("uq_schedules_article_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_schedules_by_id"), "schedules", ["by_id"])


def downgrade() -> None:
    # What was to be published later stays in the history.
    op.execute("DELETE FROM article_copies WHERE purpose = 'scheduled'")
    op.drop_table("schedules")
