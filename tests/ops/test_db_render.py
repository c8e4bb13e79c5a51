"""Rendering again what a previous version has rendered."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.roles import Role
from app.ops.maintenance import rerendering
from tests.support.commands import run_command
from tests.support.users import Users
from tests.support.whole_databases import execute
from tests.support.writing import comment, publish, read, write

# A process is started that renders.
pytestmark = pytest.mark.process

OLD = "UPDATE {} SET body_html = 'old'"


async def test_html_of_a_previous_version_is_renewed_and_nothing_else(live_app: FastAPI, live_users: Users) -> None:
    author, anonymous = await live_users.client(Role.AUTHOR), await live_users.client()
    published = await publish(author, "Published", body_markdown="# Title\n\n[x](#title)")
    draft = await write(author, "Draft", body_markdown="Text")
    said = await comment(author, published["slug"], "https://example.com")
    working = await author.patch("/articles/published/draft", json={"body_markdown": "*More*"})
    url = live_app.state.settings.database_url
    for table in ("articles", "article_copies", "comments"):
        await execute(url, OLD.format(table))

    first, second = [await run_command(live_app.state.settings, "commands.db", "render") for _ in range(2)]

    assert first.stdout == "Rendered again: articles 2, comments 1.\n", first.output
    assert second.stdout == "Rendered again: articles 0, comments 0.\n"
    for before in (published, draft):
        assert await read(author, f"/articles/{before['slug']}") == {
            **before,
            "comment_count": int(before is published),
        }
    assert await read(author, "/articles/published/draft") == working.json()
    (shown,) = (await read(author, f"/articles/{published['slug']}/comments"))["items"]
    assert shown["body_html"] == said["body_html"]
    assert shown["edited_at"] is None
    assert 'id="user-content-title"' in (await read(anonymous, f"/articles/{published['slug']}"))["body_html"]


async def test_what_is_deleted_meanwhile_is_left_out(
    live_app: FastAPI, live_users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = await live_users.client(Role.AUTHOR)
    published = await publish(author)
    await comment(author, published["slug"])
    url = live_app.state.settings.database_url
    for table in ("articles", "comments"):
        await execute(url, OLD.format(table))
    render = rerendering._unless_refused

    async def deleted_first(*arguments: Any) -> bool:
        await execute(url, "DELETE FROM comments")
        await execute(url, "DELETE FROM articles")
        return await render(*arguments)

    monkeypatch.setattr(rerendering, "_unless_refused", deleted_first)

    assert await rerendering.render_again(url) == rerendering.Rerendered(0, 0, 0)


async def test_what_can_no_longer_be_rendered_stays(live_app: FastAPI, live_users: Users) -> None:
    author = await live_users.client(Role.AUTHOR)
    published = await publish(author)
    await comment(author, published["slug"])
    await execute(live_app.state.settings.database_url, "UPDATE comments SET body_markdown = '', body_html = 'old'")

    result = await run_command(live_app.state.settings, "commands.db", "render")

    assert result.stdout.splitlines()[1] == "Left as they are, because they can no longer be rendered: 1."
    (shown,) = (await read(author, f"/articles/{published['slug']}/comments"))["items"]
    assert shown["body_html"] == "old"
