"""While somebody writes beside a published article, nobody else learns a word of it, or that they do."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.api.test_permissions import routes_of
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import comment, publish, read

# In every field of the draft.
SECRET = "zymurgy"
# Not made by clients that only look around, or with an answer that is another one each time.
NOT_ASKED = {"/users/me/export", "/auth/providers", "/health/live", "/health/ready"}
NAMES = {
    "slug": "bread",
    "username": "baker",
    "tag": "baking",
    "category": "food",
    "user_id": 1,
    "comment_id": 1,
    "redirect_id": 1,
    "number": 1,
    "old": 1,
    "new": 1,
    "article": "bread",
}
QUERIES = [
    "",
    f"?tag={SECRET}-tag",
    f"?category={SECRET}",
    "?category=food",
    "?tag=baking",
    "?sort=title",
    "?status=draft",
    "?kind=page",
    "?visibility=unlisted",
    "?author=baker",
]


@pytest.fixture
async def baker(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.AUTHOR, username="baker")


@pytest.fixture
async def outsiders(users: Users) -> dict[str, httpx.AsyncClient]:
    roles = {"anonymous": None, "reader": Role.READER, "author": Role.AUTHOR}
    return {name: await users.client(role) for name, role in roles.items()}


@pytest.fixture
async def bread(baker: httpx.AsyncClient, editor: httpx.AsyncClient, outsiders: Any) -> Any:
    """An article, and categories of which one is only for what is being written."""
    await editor.post("/categories", json={"name": "Food"})
    await editor.post("/categories", json={"name": "Hidden", "slug": "hidden"})
    article = await publish(baker, "Bread", body_markdown="Flour.", tags=["Baking"], category="food")
    await comment(outsiders["reader"], "bread")
    return article


async def begin_draft(baker: httpx.AsyncClient) -> None:
    fields = {
        "title": f"{SECRET} title",
        "slug": f"{SECRET}-slug",
        "body_markdown": f"{SECRET} body",
        "excerpt": f"{SECRET} excerpt",
        "cover_image_url": f"https://example.com/{SECRET}.png",
        "tags": [f"{SECRET} tag"],
        "language": "pt",
        "category": "hidden",
        "visibility": "unlisted",
        "kind": "page",
    }
    saved = await baker.patch("/articles/bread/draft", json=fields)
    assert saved.status_code == 200, saved.text


def paths_of(app: FastAPI) -> list[str]:
    """What can be read, with the lists in many ways."""
    templates = sorted(route.split()[1].removeprefix("/api/v1") for route in routes_of(app) if route.startswith("GET "))
    paths = []
    for template in templates:
        if template in NOT_ASKED or not template.startswith("/") or "docs" in template or "redoc" in template:
            continue
        resource = template.split("/")[1]
        names = {**NAMES, "slug": {"tags": "baking", "categories": "food"}.get(resource, "bread")}
        path = template.format_map(names)
        paths += [path + query for query in QUERIES] if template in {"/articles", "/tags"} else [path]
        paths += [f"/{resource}/{SECRET}-{kind}" for kind in ("slug", "tag")]
    return list(dict.fromkeys(path for path in paths if path != "/openapi.json"))


Answers = dict[tuple[str, str], tuple[int, str, str | None]]


async def everything_seen(app: FastAPI, clients: dict[str, httpx.AsyncClient]) -> Answers:
    answers = {}
    for path in paths_of(app):
        for name, client in clients.items():
            response = await client.get(path)
            assert response.status_code < 500, path
            text = response.text
            if response.status_code >= 400:
                # All but what is another one each time.
                text = response.json()["code"] + response.json()["detail"]
            answers[name, path] = (response.status_code, text, response.headers.get("ETag"))
    return answers


async def test_every_answer_is_what_it_was(
    app: FastAPI, baker: httpx.AsyncClient, outsiders: dict[str, httpx.AsyncClient], bread: Any
) -> None:
    assert bread
    before = await everything_seen(app, outsiders)
    assert len(before) > 3 * 30
    assert before["anonymous", "/articles/bread"][0] == 200

    await begin_draft(baker)

    after = await everything_seen(app, outsiders)
    assert {where: (before[where], after[where]) for where in before if before[where] != after[where]} == {}
    assert not any(SECRET in text for _, text, _ in after.values())

    for path in ("/articles/bread/draft", "/articles/bread/revisions", "/articles/bread/revisions/3"):
        problem_in(await outsiders["anonymous"].get(path), 401, "not_authenticated")
        problem_in(await outsiders["reader"].get(path), 403, "forbidden")
        problem_in(await outsiders["author"].get(path), 403, "forbidden")


async def test_what_others_send_or_take_along_says_nothing_of_it(
    baker: httpx.AsyncClient, editor: httpx.AsyncClient, outsiders: dict[str, httpx.AsyncClient], bread: Any
) -> None:
    assert bread
    await begin_draft(baker)
    other = outsiders["author"]
    draft = {"title": "Mine", "base_version": 1}
    answers = [
        await other.put("/articles/bread/draft", json={"title": "Mine"}, headers={"If-Match": '"1.1"'}),
        await other.put("/articles/bread/draft", json={"title": "Mine"}, headers={"If-None-Match": "*"}),
        await other.post("/articles/bread/draft/merges", json=draft),
        await other.delete("/articles/bread/draft"),
        await other.patch("/articles/bread", json={"title": "Mine"}),
        await other.put("/articles/bread/publication"),
    ]
    for answer in answers:
        problem_in(answer, 403, "forbidden")
        assert "ETag" not in answer.headers
    for client in (*outsiders.values(), editor):
        if client is outsiders["anonymous"]:
            continue
        with ZipFile(BytesIO((await client.get("/users/me/export")).content)) as archive:
            assert not any(SECRET in archive.read(name).decode() for name in archive.namelist())
    # Whose it is sees it where it is to be seen, so the words would be found.
    assert SECRET in (await baker.get("/articles/bread/draft")).text
    assert (await read(baker, "/articles/bread"))["title"] == "Bread"
    assert (await read(editor, "/tags"))["items"][0]["name"] == "Baking"


async def test_readers_need_not_fetch_again_what_has_not_changed_for_them(
    app: FastAPI, baker: httpx.AsyncClient, outsiders: dict[str, httpx.AsyncClient], bread: Any
) -> None:
    assert bread
    announced: list[object] = []
    app.state.database.invalidations.subscribe(announced.append)

    await begin_draft(baker)
    await baker.delete("/articles/bread/draft")

    assert announced == []
    assert (await outsiders["anonymous"].get("/articles/bread")).status_code == 200
