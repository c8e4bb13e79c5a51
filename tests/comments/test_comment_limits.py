"""What it takes to keep the server busy with comments."""

import httpx
import pytest

from app.comments import service
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import comment, publish, write

TEXT = {"body_markdown": "Once more."}


async def test_edits_are_limited_and_moderation_is_not_by_them(users: Users, author: httpx.AsyncClient) -> None:
    editor = await users.client(Role.EDITOR)
    slug = (await publish(author))["slug"]
    path = f"/comments/{(await comment(editor, slug))['id']}"

    answers = [await editor.patch(path, json=TEXT) for _ in range(16)]

    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    problem_in(answers[-1], 429, "too_many_requests")
    assert "comment-edits-of-account" in answers[-1].headers["RateLimit"]
    assert (await editor.delete(path)).status_code == 204


async def test_other_peoples_edits_are_not_held_up(users: Users, author: httpx.AsyncClient) -> None:
    slug = (await publish(author))["slug"]
    anna, bert = await users.client(Role.READER), await users.client(Role.READER)
    annas, berts = [f"/comments/{(await comment(client, slug))['id']}" for client in (anna, bert)]
    for _ in range(16):
        last = await anna.patch(annas, json=TEXT)

    assert last.status_code == 429
    assert (await bert.patch(berts, json=TEXT)).status_code == 200


async def test_nothing_is_rendered_for_what_is_not_there_or_not_theirs(
    users: Users, author: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bert = await users.client(Role.READER), await users.client(Role.READER)
    slug, draft = (await publish(author))["slug"], (await write(author))["slug"]
    annas = (await comment(anna, slug))["id"]

    async def render(_markdown: str) -> str:
        raise AssertionError("this takes a while")

    monkeypatch.setattr(service, "rendered_comment", render)
    problem_in(await bert.patch(f"/comments/{annas}", json=TEXT), 403, "forbidden")
    problem_in(await bert.patch("/comments/999999", json=TEXT), 404, "comment_not_found")
    for hidden in (draft, "none"):
        problem_in(await bert.post(f"/articles/{hidden}/comments", json=TEXT), 404, "article_not_found")
