"""when recovery codes were made

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-30 20:59:41.220937
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("recovery_codes", sa.Column("created_at", sa.DateTime(timezone=True)))
    # Not known any more. As if made now, a thief's last no longer than the owner takes to object.
    codes = sa.table("recovery_codes", sa.column("created_at", sa.DateTime(timezone=True)))
    op.execute(codes.update().values(created_at=datetime.now(UTC)))


def downgrade() -> None:
    op.drop_column("recovery_codes", "created_at")
