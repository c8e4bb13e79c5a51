"""Every article got a history, which begins with the text that it had."""

import json
from typing import Any

from alembic import command

from app.content.text_deltas import restored
from app.db import migrations
from tests.migrations.test_kinds import execute, filled, rows
from tests.support.databases import Template

BEFORE = "0009"
BODY = "# Ünïcode\n" * 20_000
READ = (
    "SELECT article_id, number, title, was_published, thin_out_at IS NULL, tags, by_id IS NULL, reason FROM revisions"
)


async def begun(template: Template, status: str) -> list[tuple[Any, ...]]:
    """What the history of the only article begins with."""
    async with template.copy() as url:
        await filled(url)
        await execute(url, "UPDATE articles SET body_markdown = :body, status = :status", body=BODY, status=status)
        await migrations.run(url, command.downgrade, BEFORE)

        await migrations.upgrade(url)

        [(data,)] = await rows(url, "SELECT data FROM revision_texts")
        assert restored(data, None) == BODY
        [(first,), (second,)] = await rows(url, "SELECT version FROM articles", "SELECT number FROM revisions")
        assert first == second
        return await rows(url, READ)


async def test_what_was_published_stays_for_ever(template: Template) -> None:
    [(_, number, title, was_published, is_for_ever, tags, is_nobody_s, reason)] = await begun(template, "published")

    names = json.loads(tags) if isinstance(tags, str) else tags
    assert (number, bool(title), bool(was_published), bool(is_for_ever), is_nobody_s) == (1, True, True, True, False)
    assert names
    assert all(isinstance(name, str) for name in names)
    assert reason in {"edit", "import"}


async def test_drafts_are_looked_at_when_it_is_time(template: Template) -> None:
    [(_, _, _, was_published, is_for_ever, *_)] = await begun(template, "draft")

    assert (bool(was_published), bool(is_for_ever)) == (False, False)
