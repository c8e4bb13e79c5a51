"""slugs and former names

The slugs that articles have, and those that they, tags, categories and authors had in public. Of what was so before,
nothing is known: it begins with the slugs that articles have now.

Revision ID: 0010
Revises: 0009
Create Date: 2026-12-01 03:58:41.620914
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "article_slugs",
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("held_by", _ID, nullable=True),
        sa.Column("leads_to", _ID, nullable=True),
        sa.Column("was_public", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["held_by"], ["articles.id"], name=op.f("fk_article_slugs_held_by_articles"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["leads_to"], ["articles.id"], name=op.f("fk_article_slugs_leads_to_articles"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_article_slugs")),
    )
    op.create_index(op.f("ix_article_slugs_held_by"), "article_slugs", ["held_by"], unique=False)
    op.create_index(op.f("ix_article_slugs_leads_to"), "article_slugs", ["leads_to"], unique=False)
    op.create_table(
        "taken_slugs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_taken_slugs_article_id_articles"), ondelete="CASCADE"
        ),
        sa.Column("was_public", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taken_slugs")),
        sa.UniqueConstraint("slug", "article_id", name=op.f("uq_taken_slugs_slug_article_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_taken_slugs_article_id"), "taken_slugs", ["article_id"], unique=False)
    op.create_table(
        "former_names",
        sa.Column(
            "resource",
            sa.Enum("tag", "category", "author", name="resource", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("tag_id", _ID, nullable=True),
        sa.Column("category_id", _ID, nullable=True),
        sa.Column("user_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_former_names_tag_id_tags"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_former_names_category_id_categories"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_former_names_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("resource", "slug", name=op.f("pk_former_names")),
    )
    for column in ("tag_id", "category_id", "user_id"):
        op.create_index(op.f(f"ix_former_names_{column}"), "former_names", [column], unique=False)
    # A draft that has a date was published once.
    op.execute(
        "INSERT INTO article_slugs (slug, held_by, leads_to, was_public) "
        "SELECT slug, id, CASE WHEN published_at IS NOT NULL THEN id END, "
        "published_at IS NOT NULL AND visibility <> 'members' FROM articles"
    )


def downgrade() -> None:
    op.drop_table("former_names")
    op.drop_table("taken_slugs")
    op.drop_table("article_slugs")
