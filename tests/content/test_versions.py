"""Versions of articles: they only grow, and whatever readers saw stays in the history."""

import httpx

from tests.support.writing import publish, read, walk, write

ARTICLE, DRAFT = "/articles/an-article", "/articles/an-article/draft"


async def test_a_version_never_goes_back(author: httpx.AsyncClient) -> None:
    await publish(author)
    await author.patch(DRAFT, json={"body_markdown": "Draft."})
    shown = await author.patch(f"{ARTICLE}?draft=keep", json={"title": "Shown"})

    await author.delete(f"{ARTICLE}/publication")

    article = await read(author, ARTICLE)
    assert article["version"] > shown.json()["version"]
    assert article["body_markdown"] == "Draft."
    newest = (await walk(author, f"{ARTICLE}/revisions"))[0]
    assert (newest["number"], newest["fields"]) == (article["version"], ["body_markdown", "title"])


async def test_what_is_restored_stays_where_it_is_and_for_whom(author: httpx.AsyncClient) -> None:
    await publish(author, body_markdown="First.")
    await author.patch(ARTICLE, json={"body_markdown": "Second.", "visibility": "members", "slug": "moved"})

    restored = await author.put("/articles/moved/revisions/1/restoration")

    draft = restored.json()
    assert (draft["body_markdown"], draft["visibility"], draft["slug"]) == ("First.", "members", "moved")


async def test_unpublishing_a_draft_means_that_it_is_not_published_later(author: httpx.AsyncClient) -> None:
    await write(author)
    later = await author.put(f"{ARTICLE}/publication", json={"publish_at": "2031-01-01T12:00:00Z"})
    assert later.status_code == 200

    assert (await author.delete(f"{ARTICLE}/publication")).status_code == 204

    assert (await author.get(f"{ARTICLE}/schedule")).status_code == 404


async def test_who_finds_it_stays_unless_somebody_says_so(author: httpx.AsyncClient) -> None:
    members = (await publish(author, visibility="members", kind="page"))["slug"]
    tag = (await author.get(f"/articles/{members}")).headers["ETag"]

    saved = await author.put(DRAFT, json={"title": "Anew"}, headers={"If-Match": tag})

    assert (saved.json()["visibility"], saved.json()["kind"]) == ("members", "page")
    said = {"title": "Anew", "visibility": "unlisted"}
    saved = await author.put(DRAFT, json=said, headers={"If-Match": saved.headers["ETag"]})
    assert (saved.json()["visibility"], saved.json()["kind"]) == ("unlisted", "page")
