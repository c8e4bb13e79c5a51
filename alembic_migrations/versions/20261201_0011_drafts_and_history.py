"""drafts and history

Texts beside articles, and revisions of them. Every article gets its first revision: the text that it has now.

Revision ID: 0011
Revises: 0010
Create Date: 2026-12-01 03:50:12.207431
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Sequence

import sqlalchemy as sa
import zstandard
from alembic import op

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BATCH = 200
_FIELDS = (
    '["body_markdown", "category", "cover_image_url", "excerpt", "kind", "language", "slug", "tags", "title", '
    '"visibility"]'
)
_PARAMETERS = zstandard.ZstdCompressionParameters.from_level(
    9, window_log=23, write_checksum=True, write_content_size=True
)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_articles = sa.table("articles", sa.column("id", sa.BigInteger), sa.column("body_markdown", sa.Text))
_texts = sa.table("revision_texts", sa.column("article_id", sa.BigInteger), sa.column("data", sa.LargeBinary))
_TAGS = {
    "sqlite": "SELECT json_group_array(name) FROM (SELECT name {tagged})",
    "postgresql": "SELECT coalesce(json_agg(name), '[]'::json) FROM (SELECT name {tagged}) AS tagged",
}
_TAGGED = (
    "FROM tags JOIN article_tags ON article_tags.tag_id = tags.id WHERE article_tags.article_id = articles.id "
    "ORDER BY tags.slug"
)


def upgrade() -> None:
    _create_tables()
    last: int | None = 0
    while last is not None:
        last = _begin_histories(last)


def _begin_histories(after: int) -> int | None:
    """Of the next articles; returns the id of the last one."""
    connection = op.get_bind()
    batch = connection.execute(
        sa.select(_articles).where(_articles.c.id > after).order_by(_articles.c.id).limit(_BATCH)
    ).all()
    if not batch:
        return None
    compressor = zstandard.ZstdCompressor(compression_params=_PARAMETERS)
    connection.execute(
        _texts.insert(),
        [{"article_id": row.id, "data": compressor.compress(row.body_markdown.encode())} for row in batch],
    )
    tags = _TAGS[connection.dialect.name].format(tagged=_TAGGED)
    connection.execute(
        sa.text(
            "INSERT INTO revisions (article_id, number, created_at, began_at, by_id, reason, fields, is_informed, "
            "was_published, thin_out_at, slug, title, given_excerpt, language, cover_image_url, category_id, tags, "
            "kind, visibility, text_id) "
            "SELECT articles.id, articles.version, articles.updated_at, articles.updated_at, articles.author_id, "
            "CASE WHEN articles.updated_at = articles.imported_at THEN 'import' ELSE 'edit' END, "
            f"'{_FIELDS}', false, articles.status = 'published', "
            "CASE WHEN articles.status = 'published' THEN NULL ELSE articles.updated_at END, "
            "articles.slug, articles.title, articles.given_excerpt, "
            f"articles.language, articles.cover_image_url, articles.category_id, ({tags}), articles.kind, "
            "articles.visibility, revision_texts.id "
            "FROM articles JOIN revision_texts ON revision_texts.article_id = articles.id "
            "WHERE articles.id > :after AND articles.id <= :last ORDER BY articles.id"
        ),
        {"after": after, "last": batch[-1].id},
    )
    return int(batch[-1].id)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True)


def _create_tables() -> None:
    op.create_table(
        "article_copies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column(
            "purpose",
            _one_of("purpose", "draft", "scheduled"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("given_excerpt", sa.String(length=1000), nullable=True),
        sa.Column("derived_excerpt", sa.String(length=300), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("cover_image_url", sa.String(length=2000), nullable=True),
        sa.Column("category_id", _ID, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("kind", _one_of("kind", "article", "page"), nullable=False),
        sa.Column(
            "visibility",
            _one_of("visibility", "public", "unlisted", "members"),
            nullable=False,
        ),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("reading_minutes", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_markdown", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_copies_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_article_copies_category_id_categories"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_copies")),
        sa.UniqueConstraint("article_id", "purpose", name=op.f("uq_article_copies_article_id_purpose")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_article_copies_category_id"), "article_copies", ["category_id"], unique=False)
    op.create_table(
        "revision_texts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("base_id", _ID, nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_revision_texts_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["base_id"],
            ["revision_texts.id"],
            name=op.f("fk_revision_texts_base_id_revision_texts"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision_texts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_revision_texts_base_id"), "revision_texts", ["base_id"], unique=False)
    op.create_index(
        "ix_revision_texts_article_id_base_id_id", "revision_texts", ["article_id", "base_id", "id"], unique=False
    )
    op.create_table(
        "revisions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("article_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", _ID, nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "autosave",
                "edit",
                "publish",
                "import",
                "restore",
                "schedule",
                name="reason",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("is_informed", sa.Boolean(), nullable=False),
        sa.Column("was_published", sa.Boolean(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thin_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("given_excerpt", sa.String(length=1000), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("cover_image_url", sa.String(length=2000), nullable=True),
        sa.Column("category_id", _ID, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("kind", _one_of("kind", "article", "page"), nullable=False),
        sa.Column(
            "visibility",
            _one_of("visibility", "public", "unlisted", "members"),
            nullable=False,
        ),
        sa.Column("text_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_revisions_article_id_articles"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_revisions_by_id_users"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_revisions_category_id_categories"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["text_id"],
            ["revision_texts.id"],
            name=op.f("fk_revisions_text_id_revision_texts"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_revisions_article_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_revisions_by_id"), "revisions", ["by_id"], unique=False)
    op.create_index(op.f("ix_revisions_category_id"), "revisions", ["category_id"], unique=False)
    op.create_index(op.f("ix_revisions_text_id"), "revisions", ["text_id"], unique=False)
    op.create_index(op.f("ix_revisions_thin_out_at"), "revisions", ["thin_out_at"], unique=False)


def downgrade() -> None:
    # What was never published is lost with it, as what readers see is all that there is a place for.
    for table in ("revisions", "revision_texts", "article_copies"):
        op.drop_table(table)
