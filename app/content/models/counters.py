"""Counts of public articles, maintained by database triggers, so that they are right however articles change.

`article_tags.published_at` is maintained too: when the article was published, or null while it is not public.

On PostgreSQL all rows are locked in one order: articles, users, categories, tags, each by their ids. Code that locks
some of them and then changes public articles has to keep to it. A migration on SQLite that rebuilds one of the tables
loses its triggers and has to create them again.
"""

# ruff: noqa: S608 - nothing in these statements comes from outside

from typing import Any

from sqlalchemy import Connection, Table, event

from app.content.models.article import Article  # noqa: F401 - triggers name its table
from app.content.models.tag import article_tags


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
    """Adds the differences to the counts of these rows, after locking them in the order of their ids."""
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


@event.listens_for(article_tags, "after_create")
def _create(_table: Table, connection: Connection, **_: Any) -> None:
    for statement in COUNTING[connection.dialect.name]:
        connection.exec_driver_sql(statement)
