"""The public pages that cache tests read, and whether they match the database."""

from typing import Any

import httpx
from fastapi import FastAPI

from tests.support.users import API

LISTS = [
    "/articles",
    "/articles?limit=1",
    "/articles?limit=2&sort=oldest",
    "/articles?sort=title",
    "/articles?sort=most_commented",
    "/articles?tag=red",
    "/articles?tag=blue&sort=most_commented",
    "/articles?tag=blue&tag=red",
    "/articles?tag=green",
    "/articles?author=anna",
    "/articles?author=annabel",
    "/articles?category=world",
    "/articles?category=news&limit=1",
    "/articles?category=sports&tag=red",
    "/tags",
    "/tags?limit=1",
    "/authors",
    "/categories",
]
ARTICLES = ["one", "two", "three", "another", "uno"]
PAGES = [
    *LISTS,
    *(f"/articles/{slug}" for slug in ARTICLES),
    *(f"/articles/{slug}/comments" for slug in ARTICLES),
    *(f"/tags/{slug}" for slug in ("red", "blue", "green", "crimson")),
    *(f"/authors/{username}" for username in ("anna", "annabel", "bert")),
    *(f"/categories/{slug}" for slug in ("world", "news", "novelties", "sports")),
]


def reader_of(app: Any) -> httpx.AsyncClient:
    """An anonymous client of an app, or of what is behind its response cache."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=API)


async def outdated_pages(app: FastAPI, pages: list[str] | None = None) -> dict[str, Any]:
    """The pages whose anonymous response differs from what the database has now, with both versions."""
    found = {}
    async with reader_of(app.state.response_cache) as anonymous, reader_of(app) as behind:
        for page in pages or PAGES:
            shown, now = await anonymous.get(page), await behind.get(page)
            if (shown.status_code, _content(shown)) != (now.status_code, _content(now)):
                found[page] = shown.text, now.text
    return found


def _content(response: httpx.Response) -> Any:
    body = response.json()
    # Every refusal has the id of its request, and so has what leads elsewhere.
    return body if response.is_success else (body["code"], body.get("location"))
