"""Reading a list to its end, page by page."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.support.problems import fields_of, problem_in
from tests.support.writing import comment, names, publish, read, walk, write

SORTS = ("newest", "oldest", "most_commented", "title")


@pytest.fixture
async def slugs(author: httpx.AsyncClient, reader: httpx.AsyncClient) -> set[str]:
    """Articles of which some have the same date, title and number of comments."""
    found = set()
    for number in range(7):
        at = f"202{number // 3}-01-01T00:00:00Z"
        slug = (await publish(author, ("Same", "same", "Sàme", "Other")[number % 4], at, tags=["a", "b"]))["slug"]
        found.add(slug)
        for _ in range(number // 5):
            await comment(reader, slug)
    return found


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_show_every_article_once_and_in_order(
    anonymous: httpx.AsyncClient, slugs: set[str], sort: str
) -> None:
    whole = names(await walk(anonymous, "/articles", sort=sort, limit=100))

    assert set(whole) == slugs
    for limit in (1, 2, 3, 7):
        assert names(await walk(anonymous, "/articles", sort=sort, limit=limit)) == whole


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("status", ["draft", "deleted"])
async def test_drafts_and_deleted_articles_are_paged_too(editor: httpx.AsyncClient, sort: str, status: str) -> None:
    slugs = {(await write(editor, "Same"))["slug"] for _ in range(4)}
    for slug in slugs if status == "deleted" else ():
        await editor.delete(f"/articles/{slug}")

    found = names(await walk(editor, "/articles", status=status, sort=sort, limit=1))

    assert len(found) == 4
    assert set(found) == slugs


async def test_the_link_keeps_what_was_asked_for(anonymous: httpx.AsyncClient, slugs: set[str]) -> None:
    params = {"tag": ["a", "b"], "limit": 2, "sort": "title", "published_after": "2019-12-31T23:00:00+01:00"}

    assert set(names(await walk(anonymous, "/articles", **params))) == slugs


async def test_the_link_is_relative_and_leads_where_the_cursor_does(
    anonymous: httpx.AsyncClient, slugs: set[str]
) -> None:
    first = await anonymous.get("/articles", params={"limit": 3})

    link = first.links["next"]["url"]

    assert link.startswith("/api/v1/articles?")
    by_cursor = await read(anonymous, "/articles", limit=3, cursor=first.json()["next_cursor"])
    assert (await anonymous.get(f"http://blog.example.com{link}")).json() == by_cursor
    assert set(names(by_cursor["items"])) < slugs


async def test_the_last_page_has_no_link(anonymous: httpx.AsyncClient, slugs: set[str]) -> None:
    response = await anonymous.get("/articles", params={"limit": len(slugs)})

    assert response.json()["next_cursor"] is None
    assert "Link" not in response.headers


async def test_some_can_be_skipped(anonymous: httpx.AsyncClient, slugs: set[str]) -> None:
    whole = names(await walk(anonymous, "/articles"))

    assert len(whole) == len(slugs)
    assert names(await walk(anonymous, "/articles", skip=2, limit=2)) == whole[2:]
    assert names(await walk(anonymous, "/articles", skip=1000)) == []


async def test_what_is_published_meanwhile_does_not_shift_the_pages(author: httpx.AsyncClient, slugs: set[str]) -> None:
    first = await read(author, "/articles", limit=3)
    await publish(author, "Breaking")
    await author.delete(f"/articles/{first['items'][0]['slug']}")

    rest = await walk(author, "/articles", cursor=first["next_cursor"])

    assert set(names(first["items"] + rest)) == slugs
    assert len(first["items"] + rest) == len(slugs)


@pytest.mark.parametrize(("name", "other"), [("sort", "oldest"), ("sort", "title"), ("status", "draft")])
async def test_a_cursor_of_another_order_is_refused(
    author: httpx.AsyncClient, slugs: set[str], name: str, other: str
) -> None:
    cursor = (await read(author, "/articles", limit=len(slugs) - 1))["next_cursor"]

    response = await author.get("/articles", params={"cursor": cursor, name: other})

    assert fields_of(problem_in(response, 422, "invalid_cursor")) == ["cursor"]


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/articles", "/tags", "/authors", "/articles/an-article/comments"])
async def test_an_invented_cursor_is_refused(author: httpx.AsyncClient, path: str) -> None:
    await publish(author)

    for cursor in ("x", " ", "%", "AAAA", "[]", "../..", "é", "🎉", "W10", "bnVsbA", "=" * 1000):
        problem_in(await author.get(path, params={"cursor": cursor}), 422, "invalid_cursor")


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/articles", "/articles?category=nowhere", "/tags", "/authors"])
async def test_an_empty_cursor_is_that_of_the_first_page(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, path: str
) -> None:
    await publish(author, "One", tags=["red", "blue"])
    await publish(author, "Two")

    for client in (author, anonymous):
        first = await client.get(path, params={"limit": 1})
        empty = await client.get(path, params={"limit": 1, "cursor": ""})
        assert (empty.status_code, empty.json()) == (200, first.json())
        assert empty.headers.get("Link") == first.headers.get("Link")


@pytest.mark.one_database
async def test_a_cursor_with_something_in_between_is_refused(author: httpx.AsyncClient) -> None:
    await publish(author, "One")
    await publish(author, "Two")
    cursor = (await read(author, "/articles", limit=1))["next_cursor"]

    for other in (f"{cursor}!", f"{cursor[:4]} {cursor[4:]}", f"{cursor[:4]}\n{cursor[4:]}", f"{cursor}é"):
        problem_in(await author.get("/articles", params={"cursor": other}), 422, "invalid_cursor")


FORGED: list[tuple[str, list[Any]]] = [
    ("most_commented", [2**63 - 1, 1]),
    ("most_commented", [-(2**63) + 1, 1]),
    ("most_commented", [0, 2**63 - 1]),
    ("most_commented", [0, 2**63]),
    ("newest", ["0001-01-01T00:00:00+00:00", 1]),
    ("newest", ["9999-12-31T23:59:59.999999+00:00", 1]),
    ("newest", ["0001-01-01T00:00:00+14:00", 1]),
    ("newest", ["2026-01-01T00:00:00", 1]),
    ("title", ["', (SELECT 1))--", 1]),
    ("title", ["\ud800", 1]),
    ("title", ["\x00", 1]),
    ("title", [{"a": 1}, 1]),
]


async def test_a_forged_cursor_does_no_harm(author: httpx.AsyncClient) -> None:
    await publish(author)
    for sort, values in FORGED:
        content = json.dumps([f"articles:published:{sort}", *values]).encode()
        cursor = base64.urlsafe_b64encode(content).decode()

        response = await author.get("/articles", params={"sort": sort, "cursor": cursor})

        if response.status_code != 200:
            problem_in(response, 422, "invalid_cursor")
