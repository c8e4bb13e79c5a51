"""What authors do in most tests, and reading lists to their end."""

from typing import Any

import httpx


async def write(author: httpx.AsyncClient, title: str = "An article", **fields: Any) -> Any:
    """A new draft."""
    response = await author.post("/articles", json={"title": title, **fields})
    assert response.status_code == 201, response.text
    return response.json()


async def publish(author: httpx.AsyncClient, title: str = "An article", at: str | None = None, **fields: Any) -> Any:
    """A new article, published now or with an earlier date."""
    slug = (await write(author, title, **fields))["slug"]
    response = await author.put(f"/articles/{slug}/publication", json={"published_at": at} if at else None)
    assert response.status_code == 200, response.text
    return response.json()


async def comment(client: httpx.AsyncClient, slug: str, text: str = "Well said.", parent: Any = None) -> Any:
    """A new comment on an article, or a reply to another one."""
    body = {"body_markdown": text, **({"parent_id": parent["id"]} if parent else {})}
    response = await client.post(f"/articles/{slug}/comments", json=body)
    assert response.status_code == 201, response.text
    return response.json()


async def read(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    """The JSON of a successful response."""
    response = await client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response.json()


async def walk(client: httpx.AsyncClient, path: str, **params: Any) -> list[Any]:
    """All items of a list, page after page, following the `Link` header."""
    response = await client.get(path, params=params)
    items: list[Any] = []
    while True:
        assert response.status_code == 200, response.text
        page = response.json()
        items += page["items"]
        assert len(page["items"]) <= params.get("limit", 20)
        assert len(items) <= 1000, "the pages go in circles"
        assert ("next" in response.links) == (page["next_cursor"] is not None)
        if page["next_cursor"] is None:
            return items
        response = await client.get(response.request.url.join(response.links["next"]["url"]))


def names(items: list[Any], key: str = "slug") -> list[Any]:
    return [item[key] for item in items]
