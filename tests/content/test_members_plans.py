"""Most of a blog may be for members: nobody's lists walk past what they do not show."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.content.queries.article_rows import ArticleListSpec, listing
from app.db.session import Database, open_database
from tests.content.test_query_plans import HALF_WAY, READ_WHOLE, SCANNED, SORT, Explained, fill
from tests.support.databases import Template

# One in ten is for everybody, the oldest ones.
LOCKED = "UPDATE articles SET visibility = 'members' WHERE id > 300"
VALUES: dict[str, Any] = {
    "actor_id": 7,
    "author": "user-7",
    "tag_0": "tag-7",
    "tag_1": "tag-8",
    "category_0": 7,
    "skip": 0,
    "after_0": HALF_WAY,
    "after_1": 1500,
    "published_after": HALF_WAY,
    "published_before": HALF_WAY,
}
_NEWEST = ArticleListSpec("published", "newest")
_TAGGED = {"everybody": "ix_article_tags_tag_id_published_at", "members": "ix_article_tags_tag_id_listed_at"}
LISTS = {
    _NEWEST: "ix_articles_status_published_at_id",
    replace(_NEWEST, cursor=True): "ix_articles_status_published_at_id",
    replace(_NEWEST, before=True): "ix_articles_status_published_at_id",
    replace(_NEWEST, sort="oldest"): "ix_articles_status_published_at_id",
    replace(_NEWEST, sort="title"): "ix_articles_status_title_key_id",
    replace(_NEWEST, sort="most_commented"): "ix_articles_status_comment_count_id",
    replace(_NEWEST, author=True): "ix_articles_author_id_status_published_at_id",
    replace(_NEWEST, categories=1): "ix_articles_category_id_status_published_at_id",
    replace(_NEWEST, tags=1): None,
    replace(_NEWEST, tags=2, leading="tag"): None,
}


@pytest.fixture(scope="module")
async def locked_blog(template: Template) -> AsyncIterator[Database]:
    async with template.copy() as url:
        database = open_database(url)
        await fill(database, "sqlite" if template.is_sqlite else "postgresql")
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(LOCKED)
            await connection.exec_driver_sql("ANALYZE")
        yield database
        await database.dispose()


@pytest.mark.parametrize("reach", ["everybody", "members"])
@pytest.mark.parametrize(("spec", "index"), LISTS.items())
async def test_an_index_has_what_is_shown_and_nothing_else(
    locked_blog: Database, spec: ArticleListSpec, index: str | None, reach: Any
) -> None:
    query = listing(replace(spec, reach=reach))
    expected = f"{_TAGGED[reach]}_article_id" if index is None else index + ("_members" if reach == "members" else "")

    plan = [str(row[-1]) for row in await locked_blog.read_pool.fetch(Explained(query), VALUES)]

    assert any(re.search(rf"\b{expected}\b", step) for step in plan), plan
    assert not any(READ_WHOLE.search(step) or SCANNED.search(step) or SORT.search(step) for step in plan), plan


@pytest.mark.parametrize("reach", ["everybody", "members"])
async def test_it_finds_what_is_there(locked_blog: Database, reach: Any) -> None:
    rows = await locked_blog.read_pool.fetch(listing(replace(_NEWEST, reach=reach)), VALUES)

    newest = 300 if reach == "everybody" else 3000
    assert [row[0] for row in rows] == list(range(newest, newest - 21, -1))
