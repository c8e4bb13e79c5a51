"""The triggers that keep `article_tags.published_at`, by which a tag's articles are counted and listed."""

# ruff: noqa: S608 - nothing in these statements comes from outside


def _shown_at(row: str) -> str:
    return f"CASE WHEN ({row}.status = 'published' AND {row}.deleted_at IS NULL) THEN {row}.published_at END"


def _sqlite() -> tuple[str, ...]:
    dated = (
        f"UPDATE article_tags SET published_at = (SELECT {_shown_at('articles')} FROM articles "
        "WHERE articles.id = NEW.article_id) WHERE article_id = NEW.article_id AND tag_id = NEW.tag_id"
    )
    return (
        (
            "CREATE TRIGGER articles_dated_update AFTER UPDATE OF status, deleted_at, published_at ON articles "
            f"WHEN {_shown_at('OLD')} IS NOT {_shown_at('NEW')} BEGIN "
            f"UPDATE article_tags SET published_at = {_shown_at('NEW')} WHERE article_id = NEW.id; END"
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
    WHERE {_shown_at("departed")} IS DISTINCT FROM {_shown_at("arrived")};
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
