"""What people get of their own doings: no more than they may see now."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import User
from app.core.roles import Role
from tests.api.test_permissions import routes_of
from tests.privacy.test_export import export
from tests.support.users import Users
from tests.support.writing import comment, publish, read, write

# In the title, and so in the slug.
HIDDEN = "zanzibar"
QUERIES = {"articles": ["", "?status=draft", "?status=deleted"], "comments": ["", "?deleted=true"]}
Hide = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


async def to_draft(editor: httpx.AsyncClient, slug: str) -> httpx.Response:
    return await editor.delete(f"/articles/{slug}/publication")


async def deleted(editor: httpx.AsyncClient, slug: str) -> httpx.Response:
    return await editor.delete(f"/articles/{slug}")


async def draft_and_deleted(editor: httpx.AsyncClient, slug: str) -> httpx.Response:
    await to_draft(editor, slug)
    return await deleted(editor, slug)


HIDING = pytest.mark.parametrize("hide", [to_draft, deleted, draft_and_deleted])


async def everything_listed(app: FastAPI, client: httpx.AsyncClient) -> str:
    """All that somebody reads without naming what: every list there is, and all about themselves, the export too."""
    texts = [(await export(client)).whole]
    for route in sorted(routes_of(app)):
        method, path = route.split()
        if method == "GET" and "{" not in path and "export" not in path and path.startswith("/api/"):
            queries = QUERIES.get(path.rpartition("/")[2], [""])
            texts += [(await client.get(f"http://blog.example.com{path}{query}")).text for query in queries]
    return "\n".join(texts).lower()


async def client_now(users: Users, user_id: int) -> httpx.AsyncClient:
    """A client of somebody who has logged in again: a new role ends access tokens."""
    async with users.app.state.database.reading() as session:
        user = await session.get_one(User, user_id)
    return await users.client_for(user)


@HIDING
async def test_a_commenter_is_not_told_of_an_article_that_they_cannot_read_now(
    app: FastAPI, users: Users, hide: Hide
) -> None:
    author, editor, commenter = [await users.client(role) for role in (Role.AUTHOR, Role.EDITOR, Role.READER)]
    slug = (await publish(author, f"Leaving {HIDDEN}", tags=[HIDDEN]))["slug"]
    first = await comment(commenter, slug, "Well said.")
    await comment(commenter, slug, "Once more.", parent=first)
    await commenter.delete(f"/comments/{first['id']}")
    assert HIDDEN in (await export(commenter)).whole

    assert (await hide(editor, slug)).status_code == 204

    assert HIDDEN not in await everything_listed(app, commenter)
    exported = (await export(commenter)).json("comments.json")
    assert [(each["body_markdown"], each["article"]) for each in exported] == [
        ("Well said.", None),
        ("Once more.", None),
    ]


@HIDING
async def test_they_are_told_of_it_again_when_it_comes_back(users: Users, hide: Hide) -> None:
    author, editor, commenter = [await users.client(role) for role in (Role.AUTHOR, Role.EDITOR, Role.READER)]
    slug = (await publish(author))["slug"]
    await comment(commenter, slug)
    await hide(editor, slug)

    await editor.put(f"/articles/{slug}/restoration")
    await editor.put(f"/articles/{slug}/publication")

    (exported,) = (await export(commenter)).json("comments.json")
    assert exported["article"] == slug


async def test_whoever_may_read_a_draft_is_told_of_it(users: Users) -> None:
    author, editor = await users.client(Role.AUTHOR), await users.client(Role.EDITOR)
    slug = (await write(author))["slug"]
    for client in (author, editor):
        await comment(client, slug)

        (exported,) = (await export(client)).json("comments.json")
        assert exported["article"] == slug


@pytest.mark.parametrize("change", [{"role": "author"}, {"is_verified": False}])
async def test_a_former_editor_is_told_nothing_that_only_editors_see(
    app: FastAPI, users: Users, change: dict[str, object]
) -> None:
    author, admin = await users.client(Role.AUTHOR), await users.client(Role.ADMIN)
    user = await users.user(Role.EDITOR)
    editor = await users.client_for(user)
    slug = (await write(author, f"Leaving {HIDDEN}", tags=[f"One {HIDDEN}", f"Two {HIDDEN}", f"Three {HIDDEN}"]))[
        "slug"
    ]
    await comment(editor, slug)
    assert (await editor.patch(f"/articles/{slug}", json={"excerpt": "Short"})).status_code == 200
    assert (await editor.patch(f"/tags/one-{HIDDEN}", json={"name": f"First {HIDDEN}"})).status_code == 200
    merged = await editor.post(f"/tags/first-{HIDDEN}/merges", json={"tags": [f"two-{HIDDEN}"]})
    assert merged.status_code == 200
    assert (await editor.delete(f"/tags/three-{HIDDEN}")).status_code == 204
    assert HIDDEN in str((await export(editor)).json("audit.json"))

    assert (await admin.patch(f"/users/{user.id}", json=change)).status_code == 200

    demoted = await client_now(users, user.id)
    assert HIDDEN not in await everything_listed(app, demoted)
    actions = [event["action"] for event in (await export(demoted)).json("audit.json")]
    # That they did it they are told all the same.
    assert {"article.changed", "tag.renamed", "tag.merged", "tag.deleted"} <= set(actions)


async def test_the_export_says_what_it_leaves_out(users: Users) -> None:
    reader = await users.client(Role.READER)

    explained = " ".join((await export(reader)).texts["README.txt"].split())

    assert "the article is left out if you cannot read it now" in explained
    assert "without details that only editors may see" in explained
    assert (await read(reader, "/users/me"))["username"] in (await export(reader)).whole
