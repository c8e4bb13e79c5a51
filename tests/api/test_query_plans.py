"""What one profile, tag or page costs does not depend on how much there is in the blog."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.databases import Template
from tests.support.writing import read

Executed = list[tuple[str, Any]]
PUBLISHED_BY_ONE = "articles USING INDEX ix_articles_author_id_status_published_at_id (author_id=? AND status=?)"
WITH_ONE_TAG = "article_tags USING INDEX ix_article_tags_tag_id (tag_id=?)"
ONE_ARTICLE = "articles USING INTEGER PRIMARY KEY (rowid=?)"


@pytest.fixture
def executed(app: FastAPI, template: Template) -> Iterator[Executed]:
    """The statements that are executed, with their values."""
    if not template.is_sqlite:
        pytest.skip("PostgreSQL plans by statistics, which it has none of in a test")
    statements: Executed = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    yield statements
    event.remove(engine, "before_cursor_execute", record)


async def plan_of(session: AsyncSession, executed: Executed) -> list[str]:
    """The steps of the last query."""
    statement, parameters = next(query for query in reversed(executed) if query[0].startswith("SELECT"))
    connection = await session.connection()
    return [row[3] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("/authors/anna", {f"SEARCH {PUBLISHED_BY_ONE}"}),
        ("/authors", {f"SEARCH {PUBLISHED_BY_ONE}"}),
        ("/tags/red", {f"SEARCH {WITH_ONE_TAG}", f"SEARCH {ONE_ARTICLE}"}),
        ("/tags", {f"SEARCH {WITH_ONE_TAG}", f"SEARCH {ONE_ARTICLE}"}),
    ],
)
async def test_articles_are_counted_for_what_is_shown_only(
    session: AsyncSession, stranger: httpx.AsyncClient, executed: Executed, path: str, steps: set[str]
) -> None:
    await stranger.get(path)

    plan = await plan_of(session, executed)

    assert {step for step in plan if " article" in step} == steps, plan


async def test_the_newest_comments_are_read_from_the_end(
    session: AsyncSession, editor: httpx.AsyncClient, executed: Executed
) -> None:
    await read(editor, "/comments")

    plan = await plan_of(session, executed)

    assert "SCAN comments" in plan
    assert not any("ORDER BY" in step for step in plan), plan
