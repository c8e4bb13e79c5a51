"""counters from declarations

The triggers that count articles are replaced by those that are made from declarations, and comments are counted by
triggers too. No count changes.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-30 20:45:12.402117
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from collections.abc import Iterator, Sequence

from alembic import context, op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A counter: its table and column, what the counted rows refer to it by, and which of them count.
_Counter = tuple[str, str, str, str]
_PUBLIC = "({row}.status = 'published' AND {row}.deleted_at IS NULL)"
_ARTICLES: tuple[_Counter, ...] = (
    ("users", "article_count", "author_id", _PUBLIC),
    ("categories", "article_count", "category_id", _PUBLIC),
)
_ARTICLE_TAGS: tuple[_Counter, ...] = (("tags", "article_count", "tag_id", "({row}.published_at IS NOT NULL)"),)
_COMMENTS: tuple[_Counter, ...] = (("articles", "comment_count", "article_id", "({row}.deleted_at IS NULL)"),)


def _shown_at(row: str) -> str:
    return f"CASE WHEN {_PUBLIC.format(row=row)} THEN {row}.published_at END"


def _change(counter: _Counter, row: str, sign: str) -> str:
    table, column, reference, condition = counter
    return (
        f"UPDATE {table} SET {column} = {column} {sign} 1 WHERE id = {row}.{reference} AND {condition.format(row=row)};"
    )


def _count_on_sqlite(counted: str, columns: str, counters: Sequence[_Counter]) -> Iterator[str]:
    for event, row, sign in (("insert", "new", "+"), ("delete", "old", "-")):
        changes = " ".join(_change(counter, row, sign) for counter in counters)
        yield f"CREATE TRIGGER {counted}_counted_{event} AFTER {event.upper()} ON {counted} BEGIN {changes} END"
    condition = counters[0][3]
    differs = " OR ".join(
        [
            f"{condition.format(row='old')} IS NOT {condition.format(row='new')}",
            *(f"old.{reference} IS NOT new.{reference}" for _, _, reference, _ in counters),
        ]
    )
    changes = " ".join(f"{_change(counter, 'old', '-')} {_change(counter, 'new', '+')}" for counter in counters)
    yield (
        f"CREATE TRIGGER {counted}_counted_update AFTER UPDATE OF {columns} ON {counted} "
        f"WHEN {differs} BEGIN {changes} END"
    )


def _sqlite() -> Iterator[str]:
    dated = (
        f"UPDATE article_tags SET published_at = (SELECT {_shown_at('articles')} FROM articles "
        "WHERE articles.id = NEW.article_id) WHERE article_id = NEW.article_id AND tag_id = NEW.tag_id"
    )
    yield from _count_on_sqlite("articles", "status, deleted_at, author_id, category_id", _ARTICLES)
    yield from _count_on_sqlite("article_tags", "published_at, tag_id", _ARTICLE_TAGS)
    yield from _count_on_sqlite("comments", "deleted_at, article_id", _COMMENTS)
    yield (
        "CREATE TRIGGER articles_dated_update AFTER UPDATE OF status, deleted_at, published_at ON articles "
        f"WHEN {_shown_at('OLD')} IS NOT {_shown_at('NEW')} BEGIN "
        f"UPDATE article_tags SET published_at = {_shown_at('NEW')} WHERE article_id = NEW.id; END"
    )
    yield f"CREATE TRIGGER article_tags_dated_insert AFTER INSERT ON article_tags BEGIN {dated}; END"
    yield (
        "CREATE TRIGGER article_tags_dated_update AFTER UPDATE OF article_id ON article_tags "
        f"WHEN OLD.article_id <> NEW.article_id BEGIN {dated}; END"
    )


def _moved(counter: _Counter, rows: str, difference: int) -> str:
    _, _, reference, condition = counter
    return (
        f"SELECT {rows}.{reference} AS id, {difference} AS difference FROM {rows}\n"
        f"                WHERE {rows}.{reference} IS NOT NULL AND {condition.format(row=rows)}"
    )


def _sum_up(*moved: str) -> str:
    union = "\n                UNION ALL ".join(moved)
    return f"""\
SELECT array_agg(net.id), array_agg(net.difference) INTO ids, differences FROM (
            SELECT moved.id, sum(moved.difference) AS difference FROM (
                {union}
            ) AS moved GROUP BY moved.id HAVING sum(moved.difference) <> 0
        ) AS net;"""


def _count(counter: _Counter) -> str:
    table, column, _, _ = counter
    arrived, departed = _moved(counter, "arrived", 1), _moved(counter, "departed", -1)
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
        UPDATE {table} SET {column} = {table}.{column} + net.difference
        FROM unnest(ids, differences) AS net (id, difference) WHERE {table}.id = net.id;
    END IF;
"""


def _count_on_postgresql(counted: str, counters: Sequence[_Counter]) -> Iterator[str]:
    yield f"""\
CREATE FUNCTION count_{counted}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
    differences bigint[];
BEGIN
{"".join(map(_count, counters))}    RETURN NULL;
END $$"""
    for event, rows in (
        ("INSERT", "NEW TABLE AS arrived"),
        ("UPDATE", "OLD TABLE AS departed NEW TABLE AS arrived"),
        ("DELETE", "OLD TABLE AS departed"),
    ):
        yield (
            f"CREATE TRIGGER {counted}_counted_{event.lower()} AFTER {event} ON {counted} "
            f"REFERENCING {rows} FOR EACH STATEMENT EXECUTE FUNCTION count_{counted}()"
        )


_DATE_ARTICLES = f"""
CREATE FUNCTION date_articles() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    redated bigint[];
BEGIN
    SELECT array_agg(id) INTO redated FROM departed JOIN arrived USING (id)
    WHERE {_shown_at("departed")} IS DISTINCT FROM {_shown_at("arrived")};
    IF redated IS NOT NULL THEN
        PERFORM 1 FROM tags WHERE id IN (SELECT tag_id FROM article_tags WHERE article_id = ANY (redated))
        ORDER BY id FOR NO KEY UPDATE;
        UPDATE article_tags SET published_at = {_shown_at("arrived")} FROM arrived
        WHERE arrived.id = article_tags.article_id AND arrived.id = ANY (redated);
    END IF;
    RETURN NULL;
END $$"""


def _postgresql() -> Iterator[str]:
    yield from _count_on_postgresql("articles", _ARTICLES)
    yield from _count_on_postgresql("article_tags", _ARTICLE_TAGS)
    yield from _count_on_postgresql("comments", _COMMENTS)
    yield _DATE_ARTICLES
    yield (
        "CREATE TRIGGER articles_dated_update AFTER UPDATE ON articles "
        "REFERENCING OLD TABLE AS departed NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION date_articles()"
    )


def _counting_before() -> tuple[str, ...]:
    """What revision 0003 created."""
    statements: tuple[str, ...] = context.script.get_revision("0003").module.COUNTING[op.get_bind().dialect.name]
    return statements


def _names(statements: Sequence[str], kind: str) -> list[str]:
    words = [statement.split() for statement in statements]
    return [name.removesuffix("()") for _, what, name, *_ in words if what == kind]


def _replace(old: Sequence[str], new: Sequence[str]) -> None:
    # The triggers go with their functions.
    kind, how = ("FUNCTION", " CASCADE") if op.get_bind().dialect.name == "postgresql" else ("TRIGGER", "")
    for name in _names(old, kind):
        op.get_bind().exec_driver_sql(f"DROP {kind} {name}{'()' if how else ''}{how}")
    for statement in new:
        op.get_bind().exec_driver_sql(statement)


def _without_dating_rows(statements: Sequence[str]) -> list[str]:
    """Without the one function, and its trigger, that stay as they are."""
    return [statement for statement in statements if "date_article_tag()" not in statement]


def upgrade() -> None:
    new = _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    _replace(_without_dating_rows(_counting_before()), list(new))


def downgrade() -> None:
    new = _postgresql() if op.get_bind().dialect.name == "postgresql" else _sqlite()
    _replace(list(new), _without_dating_rows(_counting_before()))
