"""What everybody reads costs the same however much there is: indexes are walked along, and nothing is sorted."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Dialect, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.compiled_selects import CompiledSelect, DialectSql, ReadPool, Row
from app.db.cursors import encode_cursor
from app.db.session import Database, open_database
from app.main import create_app
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.users import client_of
from tests.support.writing import read

HALF_WAY = datetime(2020, 3, 1, tzinfo=UTC)
# Three thousand published articles, each with three of thirty tags; categories 2 and 3 are in category 1. A tag has 300
# articles, an author 100, a category 75, and tag 40 has two.
FILLING = (
    (
        "INSERT INTO users (id, username, display_name, bio, role, hashed_password, is_active, is_verified, "
        "token_version, created_at, updated_at) "
        "SELECT n, 'user-' || n, 'User', '', 'author', '!', true, true, 0, {at}, {at} FROM {n}"
    ),
    (
        "INSERT INTO categories (id, name, slug, description, parent_id, created_at, updated_at) "
        "SELECT n, 'C', 'category-' || n, '', CASE WHEN n IN (2, 3) THEN 1 END, {at}, {at} FROM {n} WHERE n <= 40"
    ),
    (
        "INSERT INTO tags (id, name, slug, created_at, updated_at) "
        "SELECT n, 'T', 'tag-' || n, {at}, {at} FROM {n} WHERE n <= 1000"
    ),
    (
        "INSERT INTO articles (id, slug, title, title_key, body_markdown, body_html, derived_excerpt, language, "
        "status, published_at, word_count, reading_minutes, comment_count, author_id, category_id, "
        "created_at, updated_at) "
        "SELECT n, 'article-' || n, 'A', 'a' || n % 700, '', '', '', 'en', 'published', {at}, 1, 1, n % 50, "
        "n % 30 + 1, n % 40 + 1, {at}, {at} FROM {n}"
    ),
    (
        "INSERT INTO article_tags (article_id, tag_id) SELECT n, (n + k) % 30 + 1 FROM {n} "
        "CROSS JOIN (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2) AS ks"
    ),
    "INSERT INTO article_tags (article_id, tag_id) SELECT n, 40 FROM {n} WHERE n IN (6, 7)",
    (
        "INSERT INTO comments (article_id, author_id, path, depth, body_markdown, body_html, created_at, updated_at) "
        "SELECT n % 100 + 1, n % 90 + 1, (1000000000 + n) || '', 0, '', '', {at}, {at} FROM {n}"
    ),
    "ANALYZE",
)
ROWS = {
    "sqlite": "(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000) SELECT n FROM r) AS r",
    "postgresql": "generate_series(1, 3000) AS r (n)",
}
MOMENTS = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '2020-01-01', n || ' hours')",
    "postgresql": "timestamptz '2020-01-01 00:00:00+00' + n * interval '1 hour'",
}


def cursor(name: str, *values: Any) -> str:
    return f"cursor={encode_cursor(name, values)}"


NEWEST, OLDEST = (
    cursor("articles:published:newest", HALF_WAY, 1500),
    cursor("articles:published:oldest", HALF_WAY, 1500),
)
HOT = {
    "/articles": "ix_articles_status_published_at_id",
    f"/articles?{NEWEST}": "ix_articles_status_published_at_id",
    "/articles?sort=oldest": "ix_articles_status_published_at_id",
    f"/articles?sort=oldest&{OLDEST}": "ix_articles_status_published_at_id",
    "/articles?published_after=2020-02-01T00:00:00Z": "ix_articles_status_published_at_id",
    "/articles?sort=title": "ix_articles_status_title_key_id",
    f"/articles?sort=title&{cursor('articles:published:title', 'a35', 1500)}": "ix_articles_status_title_key_id",
    "/articles?sort=most_commented": "ix_articles_status_comment_count_id",
    f"/articles?sort=most_commented&{cursor('articles:published:most_commented', 25, 1500)}": (
        "ix_articles_status_comment_count_id"
    ),
    "/articles?tag=tag-7": "ix_article_tags_tag_id_published_at_article_id",
    f"/articles?tag=tag-7&{NEWEST}": "ix_article_tags_tag_id_published_at_article_id",
    f"/articles?tag=tag-7&sort=oldest&{OLDEST}": "ix_article_tags_tag_id_published_at_article_id",
    "/articles?author=user-7": "ix_articles_author_id_status_published_at_id",
    f"/articles?author=user-7&{NEWEST}": "ix_articles_author_id_status_published_at_id",
    "/articles?category=category-7": "ix_articles_category_id_status_published_at_id",
    f"/articles?category=category-7&{NEWEST}": "ix_articles_category_id_status_published_at_id",
    "/articles?category=category-1": "ix_articles_category_id_status_published_at_id",
    f"/articles?category=category-1&{NEWEST}": "ix_articles_category_id_status_published_at_id",
    "/articles?tag=tag-7&author=user-7": "ix_articles_author_id_status_published_at_id",
    "/articles?tag=tag-7&category=category-7": "ix_articles_category_id_status_published_at_id",
    "/articles?author=user-7&category=category-7": "ix_articles_category_id_status_published_at_id",
    "/articles?skip=40": "ix_articles_status_published_at_id",
    "/articles/article-1500": "articles",
    "/articles/article-15/comments": "ix_comments_article_id_path",
    f"/articles/article-15/comments?{cursor('comments:threads', '1000001500')}": "ix_comments_article_id_path",
    "/tags": "ix_tags_used_slug",
    f"/tags?{cursor('tags', 'tag-2')}": "ix_tags_used_slug",
    "/tags/tag-7": "tags",
    "/authors": "ix_users_author_username",
    f"/authors?{cursor('authors', 'user-2')}": "ix_users_author_username",
    "/authors/user-7": "users",
}
# Of several categories, and of what is left out, a page's rows are put in order once they are found. PostgreSQL knows
# that they are already.
SORTED_BY_SQLITE = ("/articles?category=category-1", "/articles?skip=")
READ_WHOLE = re.compile(r"Seq Scan on (articles|article_tags|comments|users|tags)\b")
SCANNED = re.compile(
    r"^SCAN (articles|article_tags|comments|users|tags)\b(?!.*USING (COVERING )?INDEX ix_(tags|users)_)"
)
SORT = re.compile(r"(->  |^)(Incremental )?Sort")


@dataclass
class Explained(CompiledSelect):
    """Asks how a query would be executed."""

    query: CompiledSelect

    def for_dialect(self, dialect: Dialect) -> DialectSql:
        compiled = self.query.for_dialect(dialect)
        explain = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN (COSTS OFF)"
        return replace(compiled, sql=f"{explain} {compiled.sql}", columns=())


@dataclass
class Recorder:
    """Remembers the last query, which goes on to the app's own reader."""

    reader: ReadPool
    last: tuple[CompiledSelect, Mapping[str, Any]] | None = None

    async def fetch(self, query: CompiledSelect, parameters: Mapping[str, Any]) -> Sequence[Row]:
        self.last = query, parameters
        return await self.reader.fetch(query, parameters)

    def sql(self) -> str:
        assert self.last is not None
        query, _ = self.last
        return query.for_dialect(sqlite.dialect()).sql

    async def plan(self) -> list[str]:
        """The steps of the last query, on the connections that it runs on."""
        assert self.last is not None
        query, parameters = self.last
        return [str(row[-1]) for row in await self.reader.fetch(Explained(query), parameters)]

    async def close(self) -> None:
        await self.reader.close()


@dataclass
class BigBlog:
    client: httpx.AsyncClient
    recorder: Recorder


@pytest.fixture(scope="module")
async def big_blog(template: Template, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BigBlog]:
    kind = "sqlite" if template.is_sqlite else "postgresql"
    async with template.copy() as url:
        database = open_database(url)
        await fill(database, kind)
        recorder = Recorder(database.read_pool)
        app = create_app(settings_for(url, tmp_path_factory.mktemp("var")))
        app.state.database = replace(database, read_pool=recorder)
        async with client_of(app) as client:
            yield BigBlog(client, recorder)
        await database.dispose()


async def fill(database: Database, kind: str) -> None:
    async with database.engine.begin() as connection:
        for statement in FILLING:
            await connection.exec_driver_sql(statement.format(n=ROWS[kind], at=MOMENTS[kind]))


@pytest.mark.parametrize(("path", "index"), HOT.items())
async def test_an_index_leads_to_what_is_shown(template: Template, big_blog: BigBlog, path: str, index: str) -> None:
    assert (await big_blog.client.get(path)).status_code == 200

    plan = await big_blog.recorder.plan()

    assert any(index in step for step in plan), plan
    assert not any(READ_WHOLE.search(step) or SCANNED.search(step) or SORT.search(step) for step in plan), plan
    if not (template.is_sqlite and path.startswith(SORTED_BY_SQLITE)):
        assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize("tags", [("tag-7", "tag-40"), ("tag-40", "tag-7"), ("tag-8", "tag-7", "tag-40")])
async def test_the_rarest_tag_leads(big_blog: BigBlog, tags: Sequence[str]) -> None:
    found = await read(big_blog.client, "/articles", tag=list(tags))

    assert [article["id"] for article in found["items"]] == [6]
    assert big_blog.recorder.last is not None
    assert big_blog.recorder.last[1]["tag_0"] == "tag-40"


@pytest.mark.parametrize(
    "filters",
    [
        {"tag": ["tag-7", "nothing"]},
        {"tag": ["tag-7", "tag-999"]},
        {"tag": "tag-7", "author": "nobody"},
        {"author": "user-2000", "category": "category-7"},
    ],
)
async def test_what_lets_nothing_through_is_not_looked_for(big_blog: BigBlog, filters: Mapping[str, Any]) -> None:
    found = await read(big_blog.client, "/articles", **filters)

    assert found == {"items": [], "next_cursor": None}
    # The counters were asked, and nothing after them.
    assert "article_count" in big_blog.recorder.sql()


async def test_a_tags_index_is_entered_at_the_date(template: Template, big_blog: BigBlog) -> None:
    await read(big_blog.client, "/articles", tag="tag-7", published_before=HALF_WAY.isoformat())

    plan = await big_blog.recorder.plan()

    condition = r"\(tag_id=\? AND .*published_at<\?" if template.is_sqlite else r"tag_id = .*published_at < "
    assert any(re.search(condition, step) for step in plan), plan


async def test_a_category_and_those_below_it_are_one_list(big_blog: BigBlog) -> None:
    found = await read(big_blog.client, "/articles", category="category-1", limit=100, skip=30)

    shown = [article["id"] for article in found["items"]]

    # Those are in categories 1, 2 and 3.
    expected = [number for number in range(3000, 0, -1) if number % 40 in {0, 1, 2}]
    assert shown == expected[30:130]


@pytest.mark.parametrize(("pattern", "step"), [(READ_WHOLE, "Seq Scan on articles"), (SORT, "        ->  Sort")])
def test_the_patterns_find_what_must_not_be(pattern: re.Pattern[str], step: str) -> None:
    assert pattern.search(step)
    assert SCANNED.search("SCAN articles")
    assert SCANNED.search("SCAN articles USING INDEX ix_articles_status_published_at_id")


async def test_the_newest_comments_are_read_from_the_end(
    app: FastAPI, template: Template, session: AsyncSession, editor: httpx.AsyncClient
) -> None:
    if not template.is_sqlite:
        pytest.skip("PostgreSQL plans by statistics, which it has none of in a test")
    executed: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        executed.append((statement, parameters))

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    await read(editor, "/comments")
    event.remove(engine, "before_cursor_execute", record)
    statement, parameters = next(query for query in reversed(executed) if query[0].startswith("SELECT"))
    connection = await session.connection()
    plan = [row[3] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]

    assert "SCAN comments" in plan
    assert not any("ORDER BY" in step for step in plan), plan
