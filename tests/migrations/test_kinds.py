"""Articles got kinds and visibilities, and on SQLite their bodies moved to the end of the row."""

from typing import Any

from alembic import command
from sqlalchemy import text

from app.db import migrations
from tests.migrations.test_counts import TRIGGERS, TRIGGERS_ON_SQLITE
from tests.support.databases import Template
from tests.support.rows import fill, opened

BEFORE = "0008"
WRITE = "UPDATE articles SET body_markdown = :markdown, body_html = :html"
READ = "SELECT kind, visibility, version, latest_revision, body_markdown, body_html FROM articles"
COUNTS = (
    "SELECT article_count FROM users",
    "SELECT article_count FROM categories WHERE slug = 'child'",
    "SELECT article_count FROM tags",
)
DATES = ("SELECT count(published_at), count(listed_at) FROM article_tags",)


async def execute(url: str, statement: str, **values: Any) -> None:
    async with opened(url) as database, database.writing() as session:
        await session.execute(text(statement), values)
        await session.commit()


async def rows(url: str, *statements: str) -> list[tuple[Any, ...]]:
    async with opened(url) as database, database.reading() as session:
        return [tuple(row) for statement in statements for row in await session.execute(text(statement))]


async def filled(url: str) -> None:
    async with opened(url) as database, database.writing() as session:
        await fill(session)


async def test_bodies_are_kept_and_everything_is_public(template: Template) -> None:
    bodies = {"markdown": "# Ünïcode\n" * 20_000, "html": "<p>'quoted'</p>" * 20_000}
    async with template.copy() as url:
        await filled(url)
        await migrations.run(url, command.downgrade, BEFORE)
        await execute(url, WRITE, **bodies)

        await migrations.upgrade(url)

        assert await rows(url, READ) == [("article", "public", 1, 1, *bodies.values())]
        await execute(url, "UPDATE articles SET status = 'draft'")
        assert await rows(url, *COUNTS) == [(0,), (0,), (0,)]


async def test_going_back_shows_nobody_what_was_not_for_everybody(template: Template) -> None:
    async with template.copy() as url:
        await filled(url)
        await execute(url, "UPDATE articles SET visibility = 'members'")

        await migrations.run(url, command.downgrade, BEFORE)

        assert await rows(url, "SELECT status FROM articles", *COUNTS) == [("draft",), (0,), (0,), (0,)]


async def test_going_back_counts_pages_and_brings_the_triggers_of_then_back(template: Template) -> None:
    statements = TRIGGERS_ON_SQLITE if template.is_sqlite else TRIGGERS
    async with template.empty() as url:
        await migrations.run(url, command.upgrade, BEFORE)
        then = await rows(url, *statements)
        await migrations.upgrade(url)
        await filled(url)
        await execute(url, "UPDATE articles SET kind = 'page'")
        assert await rows(url, *COUNTS, *DATES) == [(0,), (0,), (0,), (0, 0)]

        await migrations.run(url, command.downgrade, BEFORE)

        assert await rows(url, *statements) == then
        assert await rows(url, *COUNTS) == [(1,), (1,), (1,)]
        await migrations.upgrade(url)
        assert await rows(url, *COUNTS, *DATES) == [(1,), (1,), (1,), (1, 1)]
