"""Tags of drafts: what editors do to a tag is not undone by the next publication."""

import httpx
import pytest

from tests.support.problems import problem_in
from tests.support.writing import publish, read

DRAFT = "/articles/an-article/draft"


@pytest.fixture
async def draft(author: httpx.AsyncClient) -> httpx.AsyncClient:
    await publish(author, tags=["Old", "Other"])
    await author.patch(DRAFT, json={"title": "Anew"})
    return author


async def tags_after_publication(author: httpx.AsyncClient) -> list[str]:
    published = await author.put("/articles/an-article/publication")
    return [tag["name"] for tag in published.json()["tags"]]


async def test_a_renamed_tag_keeps_its_new_name(draft: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await editor.patch("/tags/old", json={"name": "New"})

    assert (await read(draft, DRAFT))["tags"] == ["New", "Other"]
    assert await tags_after_publication(draft) == ["New", "Other"]
    assert (await draft.get("/tags/old")).status_code == 308


async def test_merged_tags_stay_one(draft: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await editor.post("/tags/other/merges", json={"tags": ["old"]})

    assert (await read(draft, DRAFT))["tags"] == ["Other"]
    assert await tags_after_publication(draft) == ["Other"]


async def test_a_deleted_tag_stays_deleted(draft: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await editor.delete("/tags/old")

    assert await tags_after_publication(draft) == ["Other"]
    problem_in(await draft.get("/tags/old"), 410, "gone")


async def test_what_is_scheduled_follows_too(draft: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    later = {"publish_at": "2031-01-01T12:00:00Z"}
    assert (await draft.put("/articles/an-article/publication", json=later)).status_code == 200
    await editor.patch("/tags/old", json={"name": "New"})

    assert (await read(draft, "/articles/an-article/schedule"))["is_current"] is True
