"""Deleting articles and bringing them back."""

import httpx
import pytest

from tests.support.problems import problem_in
from tests.support.writing import comment, names, publish, read, write

ARTICLE = "/articles/an-article"


async def test_a_deleted_article_is_gone_for_everybody(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author)

    assert (await author.delete(ARTICLE)).status_code == 204

    for client in (author, editor):
        problem_in(await client.get(ARTICLE), 410, "gone")
        problem_in(await client.delete(ARTICLE), 404, "article_not_found")
        problem_in(await client.patch(ARTICLE, json={"title": "x"}), 404, "article_not_found")
        assert (await read(client, "/articles"))["items"] == []


@pytest.mark.parametrize("published", [True, False])
async def test_an_editor_restores_it_as_it_was(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient, *, published: bool
) -> None:
    before = await (publish if published else write)(author, body_markdown="A body", tags=["one"])
    if published:
        await comment(reader, "an-article")
    await author.delete(ARTICLE)

    response = await editor.put(f"{ARTICLE}/restoration")

    assert response.status_code == 200
    changed = {name for name, value in response.json().items() if value != before[name]}
    assert changed <= {"updated_at", "comment_count"}
    assert response.json()["comment_count"] == int(published)
    assert await read(author, ARTICLE) == response.json()
    assert len((await read(author, f"{ARTICLE}/comments"))["items"]) == int(published)


async def test_an_article_that_was_not_deleted_can_be_restored(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    published = await publish(author)

    assert (await editor.put(f"{ARTICLE}/restoration")).json() == published


async def test_only_editors_restore(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author)
    await author.delete(ARTICLE)

    problem_in(await author.put(f"{ARTICLE}/restoration"), 403, "forbidden")
    problem_in(await reader.put(f"{ARTICLE}/restoration"), 403, "forbidden")
    problem_in(await anonymous.put(f"{ARTICLE}/restoration"), 401, "not_authenticated")


async def test_what_never_was_cannot_be_restored(editor: httpx.AsyncClient) -> None:
    problem_in(await editor.put(f"{ARTICLE}/restoration"), 404, "article_not_found")


async def test_only_its_author_and_editors_delete_an_article(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(editor)

    problem_in(await author.delete(ARTICLE), 403, "forbidden")
    problem_in(await reader.delete(ARTICLE), 403, "forbidden")
    problem_in(await anonymous.delete(ARTICLE), 401, "not_authenticated")
    assert names((await read(anonymous, "/articles"))["items"]) == ["an-article"]
