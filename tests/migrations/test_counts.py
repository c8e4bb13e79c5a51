"""Counters: right after the migrations that add and replace them, and kept by the same triggers everywhere."""

from typing import Any

from alembic import command
from sqlalchemy import text

from app.db import migrations
from app.db.base import Base
from app.db.session import create_engine
from tests.support.databases import Template
from tests.support.rows import fill, opened

COUNTS = (
    "SELECT article_count FROM users",
    "SELECT comment_count FROM articles",
    "SELECT article_count FROM tags",
    "SELECT article_count FROM categories ORDER BY id",
    (
        "SELECT count(*) FROM article_tags JOIN articles ON articles.id = article_id "
        "WHERE article_tags.published_at = articles.published_at"
    ),
)
TRIGGERS = (
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname",
)
TRIGGERS_ON_SQLITE = ("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",)
BEFORE_COUNTS = "0002"
BEFORE_DECLARATIONS = "0004"


async def found(url: str, statements: tuple[str, ...]) -> list[list[Any]]:
    async with opened(url) as database, database.reading() as session:
        return [[row[0] for row in await session.execute(text(statement))] for statement in statements]


async def test_what_was_there_before_is_counted(template: Template) -> None:
    async with template.copy() as url:
        async with opened(url) as database, database.writing() as session:
            await fill(session)
        assert await found(url, COUNTS) == [[1], [2], [1], [0, 1], [1]]

        await migrations.run(url, command.downgrade, BEFORE_COUNTS)
        await migrations.upgrade(url)

        assert await found(url, COUNTS) == [[1], [2], [1], [0, 1], [1]]
        async with opened(url) as database, database.writing() as session:
            await session.execute(text("UPDATE articles SET status = 'draft'"))
            await session.execute(text("DELETE FROM comments WHERE parent_id IS NOT NULL"))
            await session.commit()
        assert await found(url, COUNTS) == [[0], [1], [0], [0, 0], [0]]


async def test_going_back_brings_the_triggers_of_then_back(template: Template) -> None:
    statements = TRIGGERS_ON_SQLITE if template.is_sqlite else TRIGGERS
    async with template.empty() as url:
        await migrations.run(url, command.upgrade, BEFORE_DECLARATIONS)
        then = await found(url, statements)

        await migrations.upgrade(url)
        assert await found(url, statements) != then
        await migrations.run(url, command.downgrade, BEFORE_DECLARATIONS)

        assert await found(url, statements) == then


async def test_models_and_migrations_make_the_same_triggers(template: Template) -> None:
    if template.is_sqlite:
        # Compared with everything else that there is.
        return
    async with template.empty() as url:
        engine = create_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

        triggers = await found(url, TRIGGERS)

        assert len(triggers[0]) >= 7
        assert triggers == await found(template.url, TRIGGERS)
