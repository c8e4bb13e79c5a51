"""one vocabulary

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-30 17:41:12.904611
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_CLIENT_TABLES = ("audit_events", "login_sessions", "mail_requests")
_CLIENT_COLUMNS = {"address": "ip_address", "device": "user_agent"}


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _email() -> sa.types.TypeEngine[str]:
    return sa.String(length=320, collation="C").with_variant(sa.String(length=320), "sqlite")


def _create_email_changes(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("old_email", _email(), nullable=False),
        sa.Column("new_email", _email(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])
    op.create_index(f"ix_{table}_requested_at", table, ["requested_at"])


def _create_invalidations(table: str) -> None:
    op.create_table(
        table,
        sa.Column("id", _id(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )


def _move(old: str, new: str, create: Callable[[str], None]) -> None:
    """Give a table another name, and with it its constraints, which SQLite cannot rename."""
    create(new)
    op.execute(f"INSERT INTO {new} SELECT * FROM {old}")
    # The ids go on where they were: whatever still names one that is gone must not find another row.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SELECT setval('{new}_id_seq', last_value, is_called) FROM {old}_id_seq")
    else:
        op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{new}'")
        op.execute(
            f"INSERT INTO sqlite_sequence (name, seq) SELECT '{new}', seq FROM sqlite_sequence WHERE name = '{old}'"
        )
    op.drop_table(old)


def _recreate_account_deletions(old: str, new: str) -> None:
    """Rename who gets the articles, and with the column its foreign key and index."""
    op.execute("ALTER TABLE account_deletions RENAME TO old_account_deletions")
    for column in (old, "due_at"):
        op.drop_index(f"ix_account_deletions_{column}", table_name="old_account_deletions")
    if op.get_bind().dialect.name == "postgresql":
        # Their names are still taken.
        for name in ("pk_account_deletions", "fk_account_deletions_user_id_users"):
            op.execute(f"ALTER TABLE old_account_deletions RENAME CONSTRAINT {name} TO old_{name}")
    op.create_table(
        "account_deletions",
        sa.Column("user_id", _id(), nullable=False),
        sa.Column(
            "articles",
            sa.Enum("hand_over", "remove", name="articles", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(new, _id(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint([new], ["users.id"], name=f"fk_account_deletions_{new}_users", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_account_deletions_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_account_deletions"),
        sqlite_autoincrement=True,
    )
    op.execute(
        f"INSERT INTO account_deletions (user_id, articles, {new}, requested_at, due_at) "
        f"SELECT user_id, articles, {old}, requested_at, due_at FROM old_account_deletions"
    )
    op.drop_table("old_account_deletions")
    for column in (new, "due_at"):
        op.create_index(f"ix_account_deletions_{column}", "account_deletions", [column])


def upgrade() -> None:
    for table in _CLIENT_TABLES:
        for old, new in _CLIENT_COLUMNS.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    _move("address_changes", "email_changes", _create_email_changes)
    _move("purges", "invalidations", _create_invalidations)
    _recreate_account_deletions("heir_id", "successor_id")


def downgrade() -> None:
    _recreate_account_deletions("successor_id", "heir_id")
    _move("invalidations", "purges", _create_invalidations)
    _move("email_changes", "address_changes", _create_email_changes)
    for table in _CLIENT_TABLES:
        for old, new in _CLIENT_COLUMNS.items():
            op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
