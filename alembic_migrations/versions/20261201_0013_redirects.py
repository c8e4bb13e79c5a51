"""redirects

Revision ID: 0013
Revises: 0008
Create Date: 2026-12-01 03:50:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "redirects",
        sa.Column("id", _ID, nullable=False),
        # By code point on PostgreSQL; SQLite sorts in this way anyway.
        sa.Column("source", sa.String(1000, collation="C").with_variant(sa.String(1000), "sqlite"), nullable=False),
        sa.Column("match", sa.String(6), nullable=False),
        sa.Column("target", sa.String(2000), nullable=True),
        sa.Column("article_id", _ID, nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(300), nullable=True),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("last_hit_at", _TIME, nullable=True),
        sa.Column("created_by_id", _ID, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.CheckConstraint("\"match\" IN ('exact', 'prefix')", name=op.f("ck_redirects_match")),
        sa.CheckConstraint("status IN (301, 302, 307, 308, 410)", name=op.f("ck_redirects_status")),
        sa.CheckConstraint(
            "(CASE WHEN target IS NULL THEN 0 ELSE 1 END) + (CASE WHEN article_id IS NULL THEN 0 ELSE 1 END) "
            "= (CASE WHEN status = 410 THEN 0 ELSE 1 END)",
            name=op.f("ck_redirects_leads_somewhere_unless_gone"),
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_redirects_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["users.id"], name=op.f("fk_redirects_created_by_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redirects")),
        sa.UniqueConstraint("source", "match", name=op.f("uq_redirects_source_match")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_redirects_article_id"), "redirects", ["article_id"])
    op.create_index(op.f("ix_redirects_created_by_id"), "redirects", ["created_by_id"])


def downgrade() -> None:
    op.drop_table("redirects")
