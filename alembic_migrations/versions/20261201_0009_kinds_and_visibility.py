"""kinds and visibility

Articles get a kind, a visibility, and the numbers of their revisions. Pages, and what is not for everybody, are not
counted; a second date in `article_tags` is for the lists of those who are logged in.

On SQLite bodies move to the end of the row: whatever stands behind a long text there is read through all pages that
the text fills.

Revision ID: 0009
Revises: 0008
Create Date: 2026-12-01 03:41:05.118472
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import context, op

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


_IS_ARTICLE = "{row}.status = 'published' AND {row}.deleted_at IS NULL AND {row}.kind = 'article'"
_LISTED = f"({_IS_ARTICLE} AND {{row}}.visibility = 'public')"
_LISTED_TO_MEMBERS = f"({_IS_ARTICLE} AND {{row}}.visibility <> 'unlisted')"
_DATED = {"published_at": _LISTED, "listed_at": _LISTED_TO_MEMBERS}
_COUNTERS = {"users": "author_id", "categories": "category_id"}
# Of what everybody finds, and of what members find.
_IN_INDEXES = {
    "": "status = 'published' AND deleted_at IS NULL AND kind = 'article' AND visibility = 'public'",
    "_members": "status = 'published' AND deleted_at IS NULL AND kind = 'article' AND visibility != 'unlisted'",
}
_OF_DRAFTS = "ix_articles_drafts_created_at_id"
_INDEXES = (
    ("status", "published_at", "id"),
    ("status", "title_key", "id"),
    ("status", "comment_count", "id"),
    ("author_id", "status", "published_at", "id"),
    ("category_id", "status", "published_at", "id"),
)
_INDEX = "ix_article_tags_tag_id_listed_at_article_id"


def _dates(row: str) -> list[str]:
    return [f"CASE WHEN {which.format(row=row)} THEN {row}.published_at END" for which in _DATED.values()]


def _setting(row: str) -> str:
    return ", ".join(f"{column} = {date}" for column, date in zip(_DATED, _dates(row), strict=True))


def _differ(before: str, after: str, differs: str) -> str:
    return " OR ".join(f"{old} {differs} {new}" for old, new in zip(_dates(before), _dates(after), strict=True))


def _counting(row: str, sign: str, table: str) -> str:
    return (
        f"UPDATE {table} SET article_count = article_count {sign} 1 "
        f"WHERE id = {row}.{_COUNTERS[table]} AND {_LISTED.format(row=row)};"
    )


def _sqlite() -> Iterator[str]:
    for event, row, sign in (("insert", "new", "+"), ("delete", "old", "-")):
        changes = " ".join(_counting(row, sign, table) for table in _COUNTERS)
        yield f"CREATE TRIGGER articles_counted_{event} AFTER {event.upper()} ON articles BEGIN {changes} END"
    changes = " ".join(f"{_counting('old', '-', table)} {_counting('new', '+', table)}" for table in _COUNTERS)
    yield (
        "CREATE TRIGGER articles_counted_update "
        "AFTER UPDATE OF status, deleted_at, kind, visibility, author_id, category_id ON articles "
        f"WHEN {_LISTED.format(row='old')} IS NOT {_LISTED.format(row='new')} OR old.author_id IS NOT new.author_id "
        f"OR old.category_id IS NOT new.category_id BEGIN {changes} END"
    )
    yield (
        "CREATE TRIGGER articles_dated_update "
        "AFTER UPDATE OF status, deleted_at, published_at, kind, visibility ON articles "
        f"WHEN {_differ('OLD', 'NEW', 'IS NOT')} BEGIN "
        f"UPDATE article_tags SET {_setting('NEW')} WHERE article_id = NEW.id; END"
    )
    dated = (
        f"UPDATE article_tags SET ({', '.join(_DATED)}) = (SELECT {', '.join(_dates('articles'))} FROM articles "
        "WHERE articles.id = NEW.article_id) WHERE article_id = NEW.article_id AND tag_id = NEW.tag_id"
    )
    yield f"CREATE TRIGGER article_tags_dated_insert AFTER INSERT ON article_tags BEGIN {dated}; END"
    yield (
        "CREATE TRIGGER article_tags_dated_update AFTER UPDATE OF article_id ON article_tags "
        f"WHEN OLD.article_id <> NEW.article_id BEGIN {dated}; END"
    )


def _moved(reference: str, rows: str, difference: int) -> str:
    return (
        f"SELECT {rows}.{reference} AS id, {difference} AS difference FROM {rows}\n"
        f"                WHERE {rows}.{reference} IS NOT NULL AND {_LISTED.format(row=rows)}"
    )


def _sum_up(*moved: str) -> str:
    union = "\n                UNION ALL ".join(moved)
    return f"""\
SELECT array_agg(net.id), array_agg(net.difference) INTO ids, differences FROM (
            SELECT moved.id, sum(moved.difference) AS difference FROM (
                {union}
            ) AS moved GROUP BY moved.id HAVING sum(moved.difference) <> 0
        ) AS net;"""


def _count(table: str) -> str:
    arrived, departed = _moved(_COUNTERS[table], "arrived", 1), _moved(_COUNTERS[table], "departed", -1)
    return f"""\
    IF TG_OP = 'INSERT' THEN
        {_sum_up(arrived)}
    ELSIF TG_OP = 'DELETE' THEN
        {_sum_up(departed)}
    ELSE
        {_sum_up(departed, arrived)}
    END IF;
    IF ids IS NOT NULL THEN
        PERFORM 1 FROM {table} WHERE {table}.id = ANY (ids) ORDER BY {table}.id FOR NO KEY UPDATE;
        UPDATE {table} SET article_count = {table}.article_count + net.difference
        FROM unnest(ids, differences) AS net (id, difference) WHERE {table}.id = net.id;
    END IF;
"""


_COUNT_ARTICLES = f"""\
CREATE FUNCTION count_articles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
    differences bigint[];
BEGIN
{"".join(map(_count, _COUNTERS))}    RETURN NULL;
END $$"""
_DATE_ARTICLES = f"""
CREATE FUNCTION date_articles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    redated bigint[];
BEGIN
    SELECT array_agg(id) INTO redated FROM departed JOIN arrived USING (id)
    WHERE {_differ("departed", "arrived", "IS DISTINCT FROM")};
    IF redated IS NOT NULL THEN
        PERFORM 1 FROM tags WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = ANY (redated))
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE article_tags SET {_setting("arrived")} FROM arrived
        WHERE arrived.id = article_tags.article_id AND arrived.id = ANY (redated);
    END IF;
    RETURN NULL;
END $$"""
_DATE_ARTICLE_TAG = f"""
CREATE FUNCTION date_article_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT {", ".join(_dates("articles"))} INTO {", ".join(f"NEW.{column}" for column in _DATED)}
    FROM articles WHERE id = NEW.article_id FOR SHARE;
    RETURN NEW;
END $$"""
_POSTGRESQL = (_COUNT_ARTICLES, _DATE_ARTICLES, _DATE_ARTICLE_TAG)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _triggers_before() -> Sequence[str]:
    """What is replaced here: those of revision 0005, and of 0003 what that one left as it was."""
    latest, earlier = (context.script.get_revision(revision).module for revision in ("0005", "0003"))
    dialect = op.get_bind().dialect.name
    found = (*earlier.COUNTING[dialect], *getattr(latest, f"_{dialect}")())
    by_name = {_name(statement): statement for statement in found}
    return [by_name[_name(statement)] for statement in _triggers()]


def _triggers() -> Sequence[str]:
    return _POSTGRESQL if _on_postgresql() else list(_sqlite())


def _name(statement: str) -> str:
    return " ".join(statement.split()[1:3])


def _replace(old: Sequence[str], new: Sequence[str]) -> None:
    """On PostgreSQL the triggers stay, and execute functions of the same names."""
    for statement in old if not _on_postgresql() else ():
        op.get_bind().exec_driver_sql(f"DROP {_name(statement)}")
    for statement in new:
        replacing = statement.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
        op.get_bind().exec_driver_sql(replacing)


def _move_bodies_to_the_end() -> None:
    # A table that is rebuilt would lose its triggers. One after the other: the second takes the room of the first.
    for body in _BODIES:
        op.execute(f"ALTER TABLE articles ADD COLUMN moved_{body} TEXT DEFAULT '' NOT NULL")
        op.execute(f"UPDATE articles SET moved_{body} = {body}")
        op.execute(f"ALTER TABLE articles DROP COLUMN {body}")
        op.execute(f"ALTER TABLE articles RENAME COLUMN moved_{body} TO {body}")


def _create_index(name: str, columns: Sequence[str], where: str) -> None:
    op.create_index(name, "articles", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _split_indexes() -> None:
    for columns in _INDEXES:
        name = "_".join(["ix_articles", *columns])
        op.drop_index(name, "articles")
        for suffix, where in _IN_INDEXES.items():
            _create_index(f"{name}{suffix}", columns, where)
    _create_index(_OF_DRAFTS, ["created_at", "id"], "status = 'draft'")
    for reference in _COUNTERS.values():
        op.create_index(f"ix_articles_{reference}", "articles", [reference])


def _join_indexes() -> None:
    for name in (_OF_DRAFTS, *(f"ix_articles_{reference}" for reference in _COUNTERS.values())):
        op.drop_index(name, "articles")
    for columns in _INDEXES:
        name = "_".join(["ix_articles", *columns])
        for suffix in _IN_INDEXES:
            op.drop_index(f"{name}{suffix}", "articles")
        op.create_index(name, "articles", columns)


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE articles ADD COLUMN {name} {kind}")
    if _on_postgresql():
        for body in _BODIES:
            op.execute(f"ALTER TABLE articles ALTER COLUMN {body} SET DEFAULT ''")
    else:
        _move_bodies_to_the_end()
    _split_indexes()
    op.add_column("article_tags", sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE article_tags SET listed_at = published_at")
    op.create_index(_INDEX, "article_tags", ["tag_id", "listed_at", "article_id"])
    _replace(_triggers_before(), _triggers())


def downgrade() -> None:
    # Without visibilities everybody would see what is published. Pages are public, and become articles.
    op.execute("UPDATE articles SET status = 'draft' WHERE visibility <> 'public'")
    op.execute("UPDATE articles SET kind = 'article' WHERE kind = 'page'")
    _replace(_triggers(), _triggers_before())
    _join_indexes()
    op.drop_index(_INDEX, "article_tags")
    op.drop_column("article_tags", "listed_at")
    for name in reversed(_COLUMNS):
        op.execute(f"ALTER TABLE articles DROP COLUMN {name}")
    if _on_postgresql():
        for body in _BODIES:
            op.execute(f"ALTER TABLE articles ALTER COLUMN {body} DROP DEFAULT")
