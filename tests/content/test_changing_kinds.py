"""Kind and visibility can be changed at any time: counts, lists and cached responses follow, from each to each."""

from itertools import pairwise, permutations, product

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.roles import Role
from tests.content.test_kept_counts import kept
from tests.support.public_pages import outdated_pages, reader_of
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read

SORTS = list(product(("article", "page"), ("public", "unlisted", "members")))
PAGES = [
    *("/articles", "/articles?tag=red", "/articles?author=anna", "/articles?category=news", "/articles?sort=title"),
    *("/articles?tag=red&author=anna", "/articles?visibility=public", "/articles/one", "/articles/one/comments"),
    *("/tags", "/tags/red", "/authors", "/authors/anna", "/categories", "/categories/news"),
]


@pytest.fixture
async def anna(users: Users, editor: httpx.AsyncClient) -> httpx.AsyncClient:
    """Who has published one article, with a comment, and another one beside it."""
    anna = await users.client(Role.AUTHOR, username="anna")
    await editor.post("/categories", json={"name": "News"})
    for title in ("One", "Two"):
        await publish(anna, title, tags=["Red"], category="news")
    await comment(anna, "one", "Said.")
    return anna


def every_change() -> list[tuple[str, str]]:
    """A walk through all kinds and visibilities in which each follows each other."""
    steps: list[tuple[str, str]] = []
    for before, after in permutations(SORTS, 2):
        steps += [before, after]
    return steps


async def test_every_change_is_counted(anna: httpx.AsyncClient, session: AsyncSession) -> None:
    steps = every_change()
    assert set(permutations(SORTS, 2)) <= set(pairwise(steps))
    for kind, visibility in steps:
        changed = await anna.patch("/articles/one", json={"kind": kind, "visibility": visibility})
        assert changed.status_code == 200, changed.text

        count = 2 if (kind, visibility) == ("article", "public") else 1
        assert await kept(session) == {"anna": count, "news": count, "red": count}


async def test_an_anonymous_reader_sees_every_change(app: FastAPI, anna: httpx.AsyncClient) -> None:
    for kind, visibility in every_change():
        async with reader_of(app.state.response_cache) as anonymous:
            for page in PAGES * 2:
                await anonymous.get(page)
        await anna.patch("/articles/one", json={"kind": kind, "visibility": visibility})

        assert await outdated_pages(app, PAGES) == {}, (kind, visibility)


async def test_what_is_for_members_is_never_kept(
    app: FastAPI, anna: httpx.AsyncClient, anonymous: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    for client in (anonymous, reader):
        assert (await client.get("/articles/one")).status_code == 200
    await anna.patch("/articles/one", json={"visibility": "members", "body_markdown": "For members."})

    for client, status in ((reader, 200), (anonymous, 404), (reader, 200), (anonymous, 404)):
        for path in ("/articles/one", "/articles/one/comments"):
            assert (await client.get(path)).status_code == status
        listed = names((await read(client, "/articles"))["items"])
        assert listed == (["two", "one"] if client is reader else ["two"])

    # Nothing of it has been stored, under any key.
    store = app.state.response_cache.store
    stored = [entry.body for entry in store._entries.values()]
    assert stored
    assert not any(b"For members." in body or b"Said." in body for body in stored)


async def test_a_page_keeps_its_date_for_when_it_is_an_article_again(anna: httpx.AsyncClient) -> None:
    before = (await read(anna, "/articles/one"))["published_at"]

    assert (await anna.patch("/articles/one", json={"kind": "page"})).json()["published_at"] is None
    assert (await anna.patch("/articles/one", json={"kind": "article"})).json()["published_at"] == before


async def test_only_who_may_edit_changes_them(
    anna: httpx.AsyncClient, users: Users, anonymous: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    other = await users.client(Role.AUTHOR)
    for client, status in ((anonymous, 401), (other, 403), (editor, 200), (anna, 200)):
        for change in ({"kind": "page"}, {"visibility": "members"}):
            assert (await client.patch("/articles/one", json=change)).status_code == status
