"""counts that are kept

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 08:15:40.118203
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _is_public(row: str) -> str:
    return f"({row}.status = 'published' AND {row}.deleted_at IS NULL)"


def _shown_at(row: str) -> str:
    return f"CASE WHEN {_is_public(row)} THEN {row}.published_at END"


def _sqlite() -> tuple[str, ...]:
    old, new = _is_public("OLD"), _is_public("NEW")
    leave = "SET article_count = article_count - 1 WHERE id ="
    join = "SET article_count = article_count + 1 WHERE id ="
    dated = (
        f"UPDATE article_tags SET published_at = (SELECT {_shown_at('articles')} FROM articles "
        "WHERE articles.id = NEW.article_id) WHERE article_id = NEW.article_id AND tag_id = NEW.tag_id"
    )
    return (
        (
            f"CREATE TRIGGER articles_counted_insert AFTER INSERT ON articles WHEN {new} BEGIN "
            f"UPDATE users {join} NEW.author_id; UPDATE categories {join} NEW.category_id; END"
        ),
        (
            f"CREATE TRIGGER articles_counted_delete AFTER DELETE ON articles WHEN {old} BEGIN "
            f"UPDATE users {leave} OLD.author_id; UPDATE categories {leave} OLD.category_id; END"
        ),
        (
            "CREATE TRIGGER articles_counted_update "
            "AFTER UPDATE OF status, deleted_at, author_id, category_id ON articles "
            f"WHEN {old} <> {new} OR OLD.author_id <> NEW.author_id OR OLD.category_id IS NOT NEW.category_id BEGIN "
            f"UPDATE users {leave} OLD.author_id AND {old}; UPDATE users {join} NEW.author_id AND {new}; "
            f"UPDATE categories {leave} OLD.category_id AND {old}; "
            f"UPDATE categories {join} NEW.category_id AND {new}; END"
        ),
        (
            "CREATE TRIGGER articles_dated_update AFTER UPDATE OF status, deleted_at, published_at ON articles "
            f"WHEN {_shown_at('OLD')} IS NOT {_shown_at('NEW')} BEGIN "
            f"UPDATE article_tags SET published_at = {_shown_at('NEW')} WHERE article_id = NEW.id; END"
        ),
        (
            "CREATE TRIGGER article_tags_counted_insert AFTER INSERT ON article_tags BEGIN "
            f"UPDATE tags {join} NEW.tag_id AND NEW.published_at IS NOT NULL; {dated}; END"
        ),
        (
            "CREATE TRIGGER article_tags_counted_update AFTER UPDATE OF tag_id, published_at ON article_tags "
            "WHEN OLD.tag_id <> NEW.tag_id OR (OLD.published_at IS NULL) <> (NEW.published_at IS NULL) BEGIN "
            f"UPDATE tags {leave} OLD.tag_id AND OLD.published_at IS NOT NULL; "
            f"UPDATE tags {join} NEW.tag_id AND NEW.published_at IS NOT NULL; END"
        ),
        (
            "CREATE TRIGGER article_tags_dated_update AFTER UPDATE OF article_id ON article_tags "
            f"WHEN OLD.article_id <> NEW.article_id BEGIN {dated}; END"
        ),
        (
            "CREATE TRIGGER article_tags_counted_delete AFTER DELETE ON article_tags "
            f"WHEN OLD.published_at IS NOT NULL BEGIN UPDATE tags {leave} OLD.tag_id; END"
        ),
    )


def _add(table: str, ids: str) -> str:
    """Adds the differences to the counts of these rows, which are locked in the order of their ids before."""
    net = (
        f"SELECT id, sum(difference) AS difference FROM unnest({ids}, differences) AS one (id, difference) "
        "GROUP BY id HAVING sum(difference) <> 0"
    )
    return (
        f"PERFORM 1 FROM {table} WHERE id IN (SELECT net.id FROM ({net}) AS net) ORDER BY id FOR NO KEY UPDATE; "
        f"UPDATE {table} SET article_count = article_count + net.difference FROM ({net}) AS net "
        f"WHERE {table}.id = net.id;"
    )


_COUNT_ARTICLES = f"""
CREATE FUNCTION count_articles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    authors bigint[];
    places bigint[];
    differences bigint[];
    redated bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(author_id), array_agg(category_id), array_agg(1)
        INTO authors, places, differences FROM arrived WHERE {_is_public("arrived")};
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(author_id), array_agg(category_id), array_agg(-1)
        INTO authors, places, differences FROM departed WHERE {_is_public("departed")};
    ELSE
        SELECT array_agg(author_id), array_agg(category_id), array_agg(difference)
        INTO authors, places, differences FROM (
            SELECT author_id, category_id, sum(difference) AS difference FROM (
                SELECT author_id, category_id, -1 AS difference FROM departed WHERE {_is_public("departed")}
                UNION ALL SELECT author_id, category_id, 1 FROM arrived WHERE {_is_public("arrived")}
            ) AS moved GROUP BY author_id, category_id HAVING sum(difference) <> 0
        ) AS net;
        SELECT array_agg(id) INTO redated FROM departed JOIN arrived USING (id)
        WHERE {_shown_at("departed")} IS DISTINCT FROM {_shown_at("arrived")};
    END IF;
    IF differences IS NOT NULL THEN
        {_add("users", "authors")}
        {_add("categories", "places")}
    END IF;
    IF redated IS NOT NULL THEN
        PERFORM 1 FROM tags WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = ANY (redated))
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE article_tags SET published_at = {_shown_at("arrived")} FROM arrived
        WHERE arrived.id = article_tags.article_id AND arrived.id = ANY (redated);
    END IF;
    RETURN NULL;
END $$"""

# The article is locked: who publishes it at this moment would not see the new row, nor be seen from here.
_DATE_ARTICLE_TAG = f"""
CREATE FUNCTION date_article_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT {_shown_at("articles")} INTO NEW.published_at FROM articles WHERE id = NEW.article_id FOR SHARE;
    RETURN NEW;
END $$"""

_COUNT_ARTICLE_TAGS = f"""
CREATE FUNCTION count_article_tags() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tagged bigint[];
    differences bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(tag_id), array_agg(1) INTO tagged, differences FROM arrived WHERE published_at IS NOT NULL;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(tag_id), array_agg(-1) INTO tagged, differences FROM departed WHERE published_at IS NOT NULL;
    ELSE
        SELECT array_agg(tag_id), array_agg(difference) INTO tagged, differences FROM (
            SELECT tag_id, -1 AS difference FROM departed WHERE published_at IS NOT NULL
            UNION ALL SELECT tag_id, 1 FROM arrived WHERE published_at IS NOT NULL
        ) AS moved;
    END IF;
    IF differences IS NOT NULL THEN
        {_add("tags", "tagged")}
    END IF;
    RETURN NULL;
END $$"""

_TRANSITIONS = {
    "INSERT": "NEW TABLE AS arrived",
    "UPDATE": "OLD TABLE AS departed NEW TABLE AS arrived",
    "DELETE": "OLD TABLE AS departed",
}


def _postgresql() -> tuple[str, ...]:
    counting = (
        f"CREATE TRIGGER {table}_counted_{verb.lower()} AFTER {verb} ON {table} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION count_{table}()"
        for table in ("articles", "article_tags")
        for verb, rows in _TRANSITIONS.items()
    )
    dating = (
        "CREATE TRIGGER article_tags_dated BEFORE INSERT OR UPDATE OF article_id ON article_tags "
        "FOR EACH ROW EXECUTE FUNCTION date_article_tag()"
    )
    return (_COUNT_ARTICLES, _DATE_ARTICLE_TAG, _COUNT_ARTICLE_TAGS, *counting, dating)


COUNTING = {"sqlite": _sqlite(), "postgresql": _postgresql()}

_COUNTED = ("users", "categories", "tags")
_PUBLIC = "articles.status = 'published' AND articles.deleted_at IS NULL"
_FILL = (
    (
        "UPDATE article_tags SET published_at = (SELECT articles.published_at FROM articles "
        f"WHERE articles.id = article_tags.article_id AND {_PUBLIC})"
    ),
    f"UPDATE users SET article_count = (SELECT count(*) FROM articles WHERE author_id = users.id AND {_PUBLIC})",
    (
        "UPDATE categories SET article_count = "
        f"(SELECT count(*) FROM articles WHERE category_id = categories.id AND {_PUBLIC})"
    ),
    (
        "UPDATE tags SET article_count = (SELECT count(*) FROM article_tags "
        "WHERE tag_id = tags.id AND article_tags.published_at IS NOT NULL)"
    ),
)


def upgrade() -> None:
    op.create_table(
        "purges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purges")),
        sqlite_autoincrement=True,
    )
    for table in _COUNTED:
        op.add_column(table, sa.Column("article_count", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("article_tags", sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_article_tags_tag_id_published_at_article_id", "article_tags", ["tag_id", "published_at", "article_id"]
    )
    op.drop_index("ix_article_tags_tag_id", table_name="article_tags")
    op.create_index(
        "ix_articles_category_id_status_published_at_id", "articles", ["category_id", "status", "published_at", "id"]
    )
    op.drop_index("ix_articles_category_id_published_at_id", table_name="articles")
    for statement in _FILL:
        op.execute(statement)
    for name, table, column in (
        ("ix_users_author_username", "users", "username"),
        ("ix_tags_used_slug", "tags", "slug"),
    ):
        counted = sa.text("article_count > 0")
        op.create_index(name, table, [column], sqlite_where=counted, postgresql_where=counted)
    connection = op.get_bind()
    for statement in COUNTING[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in ("count_articles", "count_article_tags", "date_article_tag"):
            op.execute(f"DROP FUNCTION {function}() CASCADE")
    else:
        for statement in COUNTING["sqlite"]:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")
    op.drop_index("ix_tags_used_slug", table_name="tags")
    op.drop_index("ix_users_author_username", table_name="users")
    op.create_index("ix_articles_category_id_published_at_id", "articles", ["category_id", "published_at", "id"])
    op.drop_index("ix_articles_category_id_status_published_at_id", table_name="articles")
    op.create_index("ix_article_tags_tag_id", "article_tags", ["tag_id"], unique=False)
    op.drop_index("ix_article_tags_tag_id_published_at_article_id", table_name="article_tags")
    op.drop_column("article_tags", "published_at")
    for table in reversed(_COUNTED):
        op.drop_column(table, "article_count")
    op.drop_table("purges")
