"""Slugs are known from the ones that articles have."""

from typing import Any

from alembic import command
from sqlalchemy import text

from app.db import migrations
from tests.support.databases import Template
from tests.support.rows import fill, opened

BEFORE = "0009"
COPY = (
    "INSERT INTO articles (slug, title, title_key, derived_excerpt, language, status, published_at, deleted_at, "
    "visibility, word_count, reading_minutes, comment_count, created_at, updated_at, author_id) "
    "SELECT '{slug}', title, title_key, derived_excerpt, language, '{status}', {published_at}, {deleted_at}, "
    "'{visibility}', word_count, reading_minutes, comment_count, created_at, updated_at, author_id "
    "FROM articles LIMIT 1"
)
NOW = "created_at"
WANTED = [
    {"slug": "draft", "status": "draft", "published_at": "NULL", "deleted_at": "NULL", "visibility": "public"},
    {"slug": "was-public", "status": "draft", "published_at": NOW, "deleted_at": "NULL", "visibility": "public"},
    {"slug": "deleted", "status": "published", "published_at": NOW, "deleted_at": NOW, "visibility": "unlisted"},
    {"slug": "for-members", "status": "published", "published_at": NOW, "deleted_at": "NULL", "visibility": "members"},
]
READ = (
    "SELECT articles.slug, held_by = id, leads_to = id, was_public FROM articles "
    "JOIN article_slugs ON article_slugs.slug = articles.slug"
)


async def test_what_articles_have_is_theirs(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        await migrations.run(url, command.downgrade, BEFORE)
        async with opened(url) as database, database.writing() as session:
            for values in WANTED:
                await session.execute(text(COPY.format(**values)))
            await session.commit()

        await migrations.upgrade(url)

        async with opened(url) as database, database.reading() as session:
            found: dict[str, tuple[Any, ...]] = {row[0]: tuple(row[1:]) for row in await session.execute(text(READ))}
            total = await session.scalar(text("SELECT count(*) FROM article_slugs"))
        assert total == len(found) == 1 + len(WANTED)
        assert found["draft"] == (True, None, False)
        assert found["was-public"] == (True, True, True)
        assert found["deleted"] == (True, True, True)
        assert found["for-members"] == (True, True, False)
