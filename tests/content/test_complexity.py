"""Texts that would take minutes or gigabytes to render."""

import httpx
import pytest

from app.content import rendering
from tests.support.problems import problem_in
from tests.support.writing import read

# Texts are rendered for as long as is bearable.
pytestmark = pytest.mark.process


async def test_an_article_that_grows_out_of_all_proportion_is_refused(author: httpx.AsyncClient) -> None:
    references = "[a]: /" + "y" * 8_000 + "\n\n" + "[a] " * 2_000

    refused = await author.post("/articles", json={"title": "Bomb", "body_markdown": references})

    problem_in(refused, 422, "too_complex")
    assert (await read(author, "/articles", status="draft"))["items"] == []


async def test_an_article_that_takes_too_long_is_refused_and_the_next_is_not(
    author: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "ARTICLE_SECONDS", 0.1)
    refused = await author.post("/articles", json={"title": "Slow", "body_markdown": "[" * 400_000})
    problem_in(refused, 422, "too_complex")
    monkeypatch.undo()

    assert (await author.post("/articles", json={"title": "Quick", "body_markdown": "Hi"})).status_code == 201


async def test_nobody_has_rendered_what_they_may_not_change(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = (await author.post("/articles", json={"title": "Mine", "status": "published"})).json()

    async def fail(*_: object) -> None:
        pytest.fail("rendered for somebody who may not change the article")

    monkeypatch.setattr("app.content.services.article_access.rendered_article", fail)
    refused = await reader.patch(f"/articles/{written['slug']}", json={"body_markdown": "[" * 400_000})

    problem_in(refused, 403, "forbidden")


@pytest.mark.parametrize("name", ["a\u202egnp", "a\nb", "\u200b", "a\u0007", "\u2067a"])
async def test_names_that_hide_something_are_refused(author: httpx.AsyncClient, name: str) -> None:
    problem_in(await author.patch("/users/me", json={"display_name": name}), 422, "validation_error")
    problem_in(await author.post("/articles", json={"title": name}), 422, "validation_error")


async def test_names_in_every_script_and_with_emoji_are_welcome(author: httpx.AsyncClient) -> None:
    for name in ("Zoë Ünal", "王小明", "مريم", "👩‍👩‍👧 family", "a\u200fb"):
        changed = await author.patch("/users/me", json={"display_name": name})
        assert changed.json()["display_name"] == name


async def test_an_address_comes_without_a_name(anonymous: httpx.AsyncClient) -> None:
    data = {"email": "Anna <a@example.com>", "username": "anna", "password": "correct horse battery"}

    problem_in(await anonymous.post("/auth/register", json=data), 422, "validation_error")
