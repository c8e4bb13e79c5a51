"""What clients see of the turns in which texts are rendered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from app.comments import rendering as comments
from app.content import rendering, turns
from app.content.turns import Turns
from tests.support.problems import problem_in
from tests.support.writing import comment, publish, read


@asynccontextmanager
async def busy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Somebody else's texts are rendered, and nobody has the patience to wait."""
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 0.0)
    for module in (rendering, comments):
        taken = Turns(1)
        monkeypatch.setattr(module, "_turns", lambda taken=taken: taken)
    async with rendering._turns().turn(-1), comments._turns().turn(-1):
        yield


async def test_whoever_has_waited_in_vain_may_come_back(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = await publish(author, "Before")
    written = await comment(reader, article["slug"])
    requests = (
        (author, "POST", "/articles", {"title": "New", "body_markdown": "Text"}),
        (author, "PATCH", f"/articles/{article['slug']}", {"title": "Changed", "body_markdown": "Text"}),
        (reader, "POST", f"/articles/{article['slug']}/comments", {"body_markdown": "Text"}),
        (reader, "PATCH", f"/comments/{written['id']}", {"body_markdown": "Text"}),
    )
    async with busy(monkeypatch):
        for client, method, path, data in requests:
            refused = await client.request(method, path, json=data)
            problem_in(refused, 503, "rendering_unavailable")
            assert int(refused.headers["Retry-After"]) > 0
        # What needs no rendering does not wait.
        assert (await author.patch(f"/articles/{article['slug']}", json={"language": "pt"})).status_code == 200
        assert (await read(author, f"/articles/{article['slug']}"))["title"] == "Before"

    for client, method, path, data in requests:
        assert (await client.request(method, path, json=data)).is_success


async def test_nobody_waits_for_what_they_may_not_do(
    author: httpx.AsyncClient,
    reader: httpx.AsyncClient,
    anonymous: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    article = await publish(author)
    written = await comment(author, article["slug"])
    text = {"body_markdown": "Text"}
    async with busy(monkeypatch):
        problem_in(await anonymous.post("/articles", json={"title": "x", **text}), 401, "not_authenticated")
        problem_in(await reader.post("/articles", json={"title": "x", **text}), 403, "forbidden")
        problem_in(await reader.patch(f"/articles/{article['slug']}", json=text), 403, "forbidden")
        problem_in(await anonymous.post(f"/articles/{article['slug']}/comments", json=text), 401, "not_authenticated")
        problem_in(await anonymous.patch(f"/comments/{written['id']}", json=text), 401, "not_authenticated")
        problem_in(await reader.patch(f"/comments/{written['id']}", json=text), 403, "forbidden")
        problem_in(await reader.patch("/comments/999999", json=text), 404, "comment_not_found")


async def test_routes_that_render_say_so_besides_what_else_can_be_away(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for path in ("/articles", "/articles/{slug}", "/articles/{slug}/comments", "/comments/{comment_id}"):
        for method in {"post", "patch"} & paths[f"/api/v1{path}"].keys():
            description = paths[f"/api/v1{path}"][method]["responses"]["503"]["description"]
            for code in ("rendering_unavailable", "unavailable", "storage_full"):
                assert f"`{code}`" in description, (method, path)
