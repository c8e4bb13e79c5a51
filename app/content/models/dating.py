"""The triggers that keep the dates in `article_tags`, by which a tag's articles are counted and listed."""

# ruff: noqa: S608 - nothing in these statements comes from outside

_IS_ARTICLE = "{row}.status = 'published' AND {row}.deleted_at IS NULL AND {row}.kind = 'article'"
# Whose articles have the date, by column.
_DATED = {
    "published_at": f"{_IS_ARTICLE} AND {{row}}.visibility = 'public'",
    "listed_at": f"{_IS_ARTICLE} AND {{row}}.visibility <> 'unlisted'",
}


def _dates(row: str) -> list[str]:
    """The values of the columns."""
    return [f"CASE WHEN ({which.format(row=row)}) THEN {row}.published_at END" for which in _DATED.values()]


def _setting(row: str) -> str:
    return ", ".join(f"{column} = {date}" for column, date in zip(_DATED, _dates(row), strict=True))


def _differ(before: str, after: str, differs: str) -> str:
    return " OR ".join(f"{old} {differs} {new}" for old, new in zip(_dates(before), _dates(after), strict=True))


def _sqlite() -> tuple[str, ...]:
    columns, dates = ", ".join(_DATED), ", ".join(_dates("articles"))
    dated = (
        f"UPDATE article_tags SET ({columns}) = (SELECT {dates} FROM articles "
        "WHERE articles.id = NEW.article_id) WHERE article_id = NEW.article_id AND tag_id = NEW.tag_id"
    )
    return (
        (
            "CREATE TRIGGER articles_dated_update "
            "AFTER UPDATE OF status, deleted_at, published_at, kind, visibility ON articles "
            f"WHEN {_differ('OLD', 'NEW', 'IS NOT')} BEGIN "
            f"UPDATE article_tags SET {_setting('NEW')} WHERE article_id = NEW.id; END"
        ),
        f"CREATE TRIGGER article_tags_dated_insert AFTER INSERT ON article_tags BEGIN {dated}; END",
        (
            "CREATE TRIGGER article_tags_dated_update AFTER UPDATE OF article_id ON article_tags "
            f"WHEN OLD.article_id <> NEW.article_id BEGIN {dated}; END"
        ),
    )


# The tags are locked before their rows are dated, which changes their counters. Triggers run in the order of their
# names: this one after that which counts articles, and so locks users and categories.
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

# The article is locked: who publishes it at this moment would not see the new row, nor be seen from here.
_DATE_ARTICLE_TAG = f"""
CREATE FUNCTION date_article_tag() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT {", ".join(_dates("articles"))} INTO {", ".join(f"NEW.{column}" for column in _DATED)}
    FROM articles WHERE id = NEW.article_id FOR SHARE;
    RETURN NEW;
END $$"""

_POSTGRESQL = (
    _DATE_ARTICLES,
    (
        "CREATE TRIGGER articles_dated_update AFTER UPDATE ON articles "
        "REFERENCING OLD TABLE AS departed NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION date_articles()"
    ),
    _DATE_ARTICLE_TAG,
    (
        "CREATE TRIGGER article_tags_dated BEFORE INSERT OR UPDATE OF article_id ON article_tags "
        "FOR EACH ROW EXECUTE FUNCTION date_article_tag()"
    ),
)

DATING = {"sqlite": _sqlite(), "postgresql": _POSTGRESQL}
# Of the other column, which the same triggers keep.
DATED_ALIKE: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
