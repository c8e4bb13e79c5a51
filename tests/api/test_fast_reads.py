"""What is answered before the routes is what they would have answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.api.middleware.fast_reads import FastReadsMiddleware
from tests.support.users import Users
from tests.support.writing import comment, publish, write

# Anonymous too, but not for those who answer before the routes.
THROUGH_ROUTES = {"Authorization": "Basic Og=="}
FAST = [
    "/articles",
    "/articles?limit=1",
    "/articles?limit=2&sort=title&skip=1",
    "/articles?tag=red&tag=blue&sort=oldest&limit=1",
    "/articles?author=anna&published_after=2020-01-01T00:00:00Z&limit=1",
    "/articles?published_after=2020-01-01T00:00:00%2B02:00",
    "/articles?category=nowhere",
    "/articles?author=%C3%BC%20%26",
    "/articles?author=%FF",
    "/articles/a-1",
    "/articles/a-1/comments",
    "/articles/a-1/comments?limit=1",
    "/articles/a-1?nobody=reads&this=",
    "/tags",
    "/tags/red",
    "/categories",
    "/authors?limit=1",
]
FOR_THE_ROUTES = [
    "/articles?limit=0",
    "/articles?limit=1&limit=2",
    "/articles?limit=",
    "/articles?nonsense=1",
    "/articles?cursor=x",
    "/articles?status=draft",
    "/articles?status=deleted",
    "/articles?tag=%00",
    "/articles?published_after=1",
    "/articles/",
    "/articles/A-1",
    "/articles/draft",
    "/articles/a-1/",
    "/articles/a-1/comments?limit=101",
    "/articles/draft/comments",
    "/articles/%61-1%0A",
    "/articles/a%00",
    f"/articles/{'a' * 121}",
    "/tags/nowhere",
    "/auth/providers",
]


@pytest.fixture
async def blog(author: httpx.AsyncClient, users: Users) -> httpx.AsyncClient:
    """As anonymous readers see it."""
    for number in range(4):
        await publish(author, f"A {number}", tags=["red", "blue"])
    await write(author, "Draft")
    for text in ("One", "Two"):
        await comment(author, "a-1", text)
    return await users.client()


@pytest.fixture
def responded_early(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each request was answered before the routes."""
    found: list[bool] = []
    response: Callable[[Any, Any], Awaitable[Any]] = FastReadsMiddleware._respond

    async def watched(self: Any, scope: Any) -> Any:
        found.append((result := await response(self, scope)) is not None)
        return result

    monkeypatch.setattr(FastReadsMiddleware, "_respond", watched)
    return found


async def test_a_response_is_the_routes_own(blog: httpx.AsyncClient, responded_early: list[bool]) -> None:
    for path in (*FAST, *FOR_THE_ROUTES):
        responded_early.clear()
        fast = await blog.get(path)
        assert responded_early in ([path in FAST], []), path
        routed = await blog.get(path, headers=THROUGH_ROUTES)

        assert len(responded_early) <= 1, path
        assert fast.status_code == routed.status_code, path
        assert without_id(fast) == without_id(routed), path
        for header in ("Content-Type", "Link"):
            assert fast.headers.get(header) == routed.headers.get(header), path


def without_id(response: httpx.Response) -> Any:
    found = response.json()
    return {**found, "instance": None} if "instance" in found else found


async def test_whoever_is_logged_in_is_the_routes_affair(
    blog: httpx.AsyncClient, author: httpx.AsyncClient, responded_early: list[bool]
) -> None:
    assert (await author.get("/articles/draft")).status_code == 200
    assert responded_early == []
    assert (await blog.get("/articles/a-1")).status_code == 200
    assert responded_early == [True]
