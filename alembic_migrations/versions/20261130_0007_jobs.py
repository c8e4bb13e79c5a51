"""jobs

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-30 20:58:03.417220
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MAIL = ("recipient", "subject", "text", "html")
_MAIL_REQUEST = ("mail", "email", "ip_address", "user_agent")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _packed(columns: Sequence[str]) -> str:
    """These columns as JSON."""
    function = "json_build_object" if _is_postgresql() else "json_object"
    pairs = ", ".join(f"'{column}', {column}" for column in columns)
    return f"{function}({pairs})"


def _unpacked(columns: Sequence[str]) -> str:
    template = "payload ->> '{}'" if _is_postgresql() else "json_extract(payload, '$.{}')"
    return ", ".join(template.format(column) for column in columns)


def _wait_for_writers(tables: str) -> None:
    """Nobody may commit rows after the others have been copied: they would be dropped with the table."""
    if _is_postgresql():
        op.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")


def upgrade() -> None:
    _wait_for_writers("outbox_mails, mail_requests")
    op.create_table(
        "jobs",
        sa.Column("id", _id(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_scheduled", sa.Boolean(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_jobs_kind_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_kind_run_at", "jobs", ["kind", "run_at"])
    op.execute(
        "INSERT INTO jobs (kind, payload, created_at, run_at, is_scheduled, attempts, last_error) "
        f"SELECT 'mail', {_packed(_MAIL)}, created_at, next_attempt_at, false, attempts, last_error "
        "FROM outbox_mails ORDER BY id"
    )
    op.execute(
        "INSERT INTO jobs (kind, payload, created_at, run_at, is_scheduled, attempts) "
        f"SELECT 'mail_request', {_packed(_MAIL_REQUEST)}, created_at, created_at, false, 0 "
        "FROM mail_requests ORDER BY id"
    )
    op.drop_table("outbox_mails")
    op.drop_table("mail_requests")


def downgrade() -> None:
    _wait_for_writers("jobs")
    op.create_table(
        "outbox_mails",
        sa.Column("id", _id(), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_mails")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_mails_next_attempt_at"), "outbox_mails", ["next_attempt_at"])
    op.create_table(
        "mail_requests",
        sa.Column("id", _id(), nullable=False),
        sa.Column(
            "mail",
            sa.Enum("password_reset", "verification", name="mail", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(
            "email", sa.String(length=320, collation="C").with_variant(sa.String(length=320), "sqlite"), nullable=False
        ),
        sa.Column("ip_address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_requests")),
        sqlite_autoincrement=True,
    )
    op.execute(
        f"INSERT INTO outbox_mails ({', '.join(_MAIL)}, created_at, attempts, next_attempt_at, last_error) "
        f"SELECT {_unpacked(_MAIL)}, created_at, attempts, run_at, last_error FROM jobs WHERE kind = 'mail' ORDER BY id"
    )
    # A request that was given up would be carried out at once; whoever made it has long asked again.
    op.execute(
        f"INSERT INTO mail_requests ({', '.join(_MAIL_REQUEST)}, created_at) "
        f"SELECT {_unpacked(_MAIL_REQUEST)}, created_at FROM jobs "
        "WHERE kind = 'mail_request' AND run_at IS NOT NULL ORDER BY id"
    )
    # Chores are enqueued anew, and nothing else is known to the software of before.
    op.drop_table("jobs")
