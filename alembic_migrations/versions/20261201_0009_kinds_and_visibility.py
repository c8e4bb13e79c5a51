"""kinds and visibility

Articles get a kind, a visibility, and the numbers of their revisions. On SQLite their bodies move to the end of the
row: whatever stands behind a long text there is read through all pages that the text fills.

Revision ID: 0009
Revises: 0008
Create Date: 2026-12-01 03:41:05.118472
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Sequence

from alembic import op

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = {
    "kind": "VARCHAR(7) DEFAULT 'article' NOT NULL CONSTRAINT ck_articles_kind CHECK (kind IN ('article', 'page'))",
    "visibility": (
        "VARCHAR(8) DEFAULT 'public' NOT NULL "
        "CONSTRAINT ck_articles_visibility CHECK (visibility IN ('public', 'unlisted', 'members'))"
    ),
    "version": "INTEGER DEFAULT 1 NOT NULL",
    "latest_revision": "INTEGER DEFAULT 1 NOT NULL",
}
_BODIES = ("body_markdown", "body_html")


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _move_bodies_to_the_end() -> None:
    # Column by column: a table that is rebuilt would lose its triggers.
    for body in _BODIES:
        op.execute(f"ALTER TABLE articles ADD COLUMN moved_{body} TEXT DEFAULT '' NOT NULL")
    op.execute(f"UPDATE articles SET {', '.join(f'moved_{body} = {body}' for body in _BODIES)}")
    for body in _BODIES:
        op.execute(f"ALTER TABLE articles DROP COLUMN {body}")
        op.execute(f"ALTER TABLE articles RENAME COLUMN moved_{body} TO {body}")


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE articles ADD COLUMN {name} {kind}")
    if _on_postgresql():
        for body in _BODIES:
            op.execute(f"ALTER TABLE articles ALTER COLUMN {body} SET DEFAULT ''")
    else:
        _move_bodies_to_the_end()


def downgrade() -> None:
    # Without visibilities everybody would see what is published.
    op.execute("UPDATE articles SET status = 'draft' WHERE visibility <> 'public'")
    for name in reversed(_COLUMNS):
        op.execute(f"ALTER TABLE articles DROP COLUMN {name}")
    if _on_postgresql():
        for body in _BODIES:
            op.execute(f"ALTER TABLE articles ALTER COLUMN {body} DROP DEFAULT")
