"""reactions"""

import sqlalchemy as sa
from alembic import op

revision = "reactions"
# In this example: whatever is newest.
down_revision = "NEWEST"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    kind = sa.Enum("like", "love", "laugh", name="kind", native_enum=False, create_constraint=True)
    op.create_table(
        "reactions",
        sa.Column("id", big_id, nullable=False),
        sa.Column("article_id", big_id, nullable=False),
        sa.Column("user_id", big_id, nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name="fk_reactions_article_id_articles", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reactions_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reactions"),
        sa.UniqueConstraint("user_id", "article_id", "kind", name="uq_reactions_user_id_article_id_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reactions_article_id_kind", "reactions", ["article_id", "kind"])


def downgrade() -> None:
    op.drop_table("reactions")
