"""Whatever is written, the next anonymous reader sees it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.support.public_pages import PAGES, outdated_pages, reader_of
from tests.support.users import Users
from tests.support.writing import comment, publish, write

# Some thirty pages are read twice after each of some forty writes.
pytestmark = pytest.mark.process


@dataclass
class Blog:
    """A small one in which everything is connected with everything, and those who may change it."""

    anna: httpx.AsyncClient
    anna_account: User
    editor: httpx.AsyncClient
    admin: httpx.AsyncClient
    reader: httpx.AsyncClient
    comments: dict[str, Any]


@pytest.fixture
async def blog(users: Users) -> Blog:
    account = await users.user(Role.AUTHOR, username="anna", display_name="Anna")
    anna, editor, admin = (
        await users.client_for(account),
        await users.client(Role.EDITOR),
        await users.client(Role.ADMIN),
    )
    reader = await users.client(Role.READER)
    for category in ({"name": "World"}, {"name": "News", "parent": "world"}, {"name": "Sports"}):
        assert (await editor.post("/categories", json=category)).status_code == 201
    await publish(anna, "One", "2026-01-03T00:00:00Z", tags=["Red", "Blue"], category="news")
    await publish(anna, "Two", "2026-01-02T00:00:00Z", tags=["Red"], category="sports")
    await write(anna, "Three", tags=["Blue"])
    first = await comment(reader, "one", "First.")
    comments = {"first": first, "answer": await comment(anna, "one", "Answer.", first)}
    comments["alone"] = await comment(reader, "one", "Alone.")
    return Blog(anna, account, editor, admin, reader, comments)


Write = Callable[[Blog], Awaitable[httpx.Response]]
WRITES: dict[str, Write] = {
    "draft": lambda blog: blog.anna.post("/articles", json={"title": "Four", "tags": ["Green"]}),
    "new article": lambda blog: blog.anna.post(
        "/articles", json={"title": "Another", "tags": ["Green", "Red"], "category": "world", "status": "published"}
    ),
    "publish": lambda blog: blog.anna.put("/articles/three/publication"),
    "publish under a date": lambda blog: blog.anna.put(
        "/articles/three/publication", json={"published_at": "2026-01-02T12:00:00Z"}
    ),
    "other date": lambda blog: blog.anna.put(
        "/articles/one/publication", json={"published_at": "2026-01-01T00:00:00Z"}
    ),
    "unpublish": lambda blog: blog.anna.delete("/articles/one/publication"),
    "delete": lambda blog: blog.anna.delete("/articles/one"),
    "title": lambda blog: blog.anna.patch("/articles/one", json={"title": "Zebra"}),
    "body": lambda blog: blog.anna.patch("/articles/one", json={"body_markdown": "Quite different."}),
    "excerpt": lambda blog: blog.anna.patch("/articles/one", json={"excerpt": "In short."}),
    "for members": lambda blog: blog.anna.patch("/articles/one", json={"visibility": "members"}),
    "unlisted": lambda blog: blog.anna.patch("/articles/one", json={"visibility": "unlisted"}),
    "page": lambda blog: blog.anna.patch("/articles/one", json={"visibility": "public", "kind": "page"}),
    "for everybody": lambda blog: blog.anna.patch("/articles/one", json={"kind": "article"}),
    "slug": lambda blog: blog.anna.patch("/articles/one", json={"slug": "uno"}),
    "other tags": lambda blog: blog.anna.patch("/articles/one", json={"tags": ["Green"]}),
    "tags of a draft": lambda blog: blog.anna.patch("/articles/three", json={"tags": ["Green"]}),
    "other category": lambda blog: blog.editor.patch("/articles/one", json={"category": "sports"}),
    "no category": lambda blog: blog.editor.patch("/articles/one", json={"category": None}),
    "publish again": lambda blog: blog.anna.put("/articles/one/publication"),
    "restore": lambda blog: blog.editor.put("/articles/one/restoration"),
    "comment": lambda blog: blog.reader.post("/articles/two/comments", json={"body_markdown": "Well."}),
    "answer": lambda blog: blog.reader.post(
        "/articles/one/comments", json={"body_markdown": "Well.", "parent_id": blog.comments["alone"]["id"]}
    ),
    "edit a comment": lambda blog: blog.reader.patch(
        f"/comments/{blog.comments['first']['id']}", json={"body_markdown": "Changed."}
    ),
    "delete a comment": lambda blog: blog.reader.delete(f"/comments/{blog.comments['alone']['id']}"),
    "restore a comment": lambda blog: blog.editor.put(f"/comments/{blog.comments['alone']['id']}/restoration"),
    "delete an answered comment": lambda blog: blog.editor.delete(f"/comments/{blog.comments['first']['id']}"),
    "display name": lambda blog: blog.anna.patch("/users/me", json={"display_name": "Anna B."}),
    "username": lambda blog: blog.anna.patch("/users/me", json={"username": "annabel"}),
    "picture": lambda blog: blog.anna.patch("/users/me", json={"avatar_url": "https://example.com/anna.png"}),
    "bio": lambda blog: blog.anna.patch("/users/me", json={"bio": "Writes."}),
    "name of who only comments": lambda blog: blog.reader.patch("/users/me", json={"display_name": "Somebody"}),
    "profile by an admin": lambda blog: blog.admin.patch(
        f"/users/{blog.anna_account.id}", json={"username": "annabel"}
    ),
    "delete an account": lambda blog: blog.admin.delete(f"/users/{blog.anna_account.id}"),
    "rename a tag": lambda blog: blog.editor.patch("/tags/red", json={"name": "Crimson"}),
    "another name for a tag": lambda blog: blog.editor.patch("/tags/red", json={"name": "Rouge", "slug": "red"}),
    "merge tags": lambda blog: blog.editor.post("/tags/blue/merges", json={"tags": ["crimson"]}),
    "delete a tag": lambda blog: blog.editor.delete("/tags/blue"),
    "new category": lambda blog: blog.editor.post("/categories", json={"name": "Arts", "parent": "news"}),
    "rename a category": lambda blog: blog.editor.patch("/categories/news", json={"name": "Novelties"}),
    "move a category": lambda blog: blog.editor.patch("/categories/news", json={"parent": "sports"}),
    "other slug for a category": lambda blog: blog.editor.patch("/categories/news", json={"slug": "novelties"}),
    "delete a category": lambda blog: blog.editor.delete("/categories/novelties"),
}
# In an order in which all of it can be done, one after the other.
STORIES = {
    "articles": [
        *("draft", "tags of a draft", "publish", "title", "body", "excerpt", "other tags", "other category"),
        *("no category", "other date", "unpublish", "publish again", "delete", "restore", "slug", "new article"),
    ],
    "visibility": [
        *("for members", "unlisted", "page", "for everybody"),
    ],
    "comments": [
        *("comment", "answer", "edit a comment", "delete a comment", "restore a comment"),
        *("delete an answered comment", "publish under a date"),
    ],
    "people": [
        *("display name", "picture", "bio", "name of who only comments", "username", "profile by an admin"),
        "delete an account",
    ],
    "order": [
        *("another name for a tag", "rename a tag", "new category", "rename a category", "move a category"),
        *("other slug for a category", "merge tags", "delete a tag", "delete a category"),
    ],
}


async def read_everything(app: FastAPI) -> int:
    """Have all pages kept; how many are."""
    async with reader_of(app.state.response_cache) as anonymous:
        for page in PAGES:
            await anonymous.get(page)
    return len(app.state.response_cache.store)


def test_no_write_is_forgotten() -> None:
    assert sorted(name for story in STORIES.values() for name in story) == sorted(WRITES)


@pytest.mark.parametrize("story", STORIES)
async def test_an_anonymous_reader_sees_what_was_just_written(app: FastAPI, blog: Blog, story: str) -> None:
    assert await read_everything(app) > len(PAGES) / 2

    for name in STORIES[story]:
        response = await WRITES[name](blog)

        assert response.is_success, (name, response.text)
        # Which also has all of them kept again.
        assert await outdated_pages(app) == {}, name


@pytest.mark.parametrize("name", ["draft", "tags of a draft", "comment", "body"])
async def test_what_a_change_does_not_concern_stays(app: FastAPI, blog: Blog, name: str) -> None:
    kept = await read_everything(app)

    await WRITES[name](blog)

    left = len(app.state.response_cache.store)
    assert left == kept if "draft" in name else kept / 3 < left < kept


async def test_a_change_that_is_not_committed_changes_nothing(app: FastAPI, blog: Blog) -> None:
    kept = await read_everything(app)

    taken = await blog.anna.patch("/articles/one", json={"title": "Zebra", "slug": "two"})

    assert taken.status_code == 409
    assert len(app.state.response_cache.store) == kept
    assert await outdated_pages(app) == {}
