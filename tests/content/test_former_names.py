"""Whatever tags, categories and authors were called in public leads to them."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import FormerName
from app.core.roles import Role
from tests.support.permalinks import is_gone, leads
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import publish, read, write


async def change(client: httpx.AsyncClient, path: str, **fields: Any) -> None:
    response = await client.patch(path, json=fields)
    assert response.status_code == 200, response.text


# --- Tags -----------------------------------------------------------------------------------------------------------


async def test_a_renamed_tag_is_found_under_each_of_its_slugs(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, tags=["one"])
    await change(editor, "/tags/one", name="Two")
    await change(editor, "/tags/two", name="Three", slug="drei")

    for client in (anonymous, author, editor):
        await leads(client, "/tags/one?x=1", "/tags/drei?x=1")
        await leads(client, "/tags/two", "/tags/drei")
    await change(editor, "/tags/drei", name="One")
    await read(anonymous, "/tags/one")
    await leads(anonymous, "/tags/drei", "/tags/one")
    problem_in(await editor.patch("/tags/drei", json={"name": "X"}), 404, "tag_not_found")


async def test_all_tags_of_a_merge_lead_to_its_result(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, tags=["first", "js", "ecmascript"])
    await change(editor, "/tags/first", name="js-lang")
    merge = {"tags": ["js-lang", "ecmascript"]}
    assert (await editor.post("/tags/js/merges", json=merge)).status_code == 200
    await publish(author, tags=["JavaScript"])
    assert (await editor.post("/tags/javascript/merges", json={"tags": ["js"]})).status_code == 200

    for former in ("first", "js-lang", "ecmascript", "js"):
        await leads(anonymous, f"/tags/{former}", "/tags/javascript")


async def test_a_tag_that_is_used_again_is_itself(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, tags=["old"])
    await change(editor, "/tags/old", name="New")
    draft = await write(author, tags=["old"])

    await leads(anonymous, "/tags/old", "/tags/new")
    await author.put(f"/articles/{draft['slug']}/publication")
    assert (await read(anonymous, "/tags/old"))["article_count"] == 1


async def test_a_deleted_tag_is_gone_under_all_its_slugs(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, tags=["one"])
    await change(editor, "/tags/one", name="Two")
    await editor.delete("/tags/two")

    for client in (anonymous, author, editor):
        await is_gone(client, "/tags/one")
        await is_gone(client, "/tags/two")
    await publish(author, tags=["two"])
    await read(anonymous, "/tags/two")


@pytest.mark.parametrize("how", ["unpublished", "deleted"])
async def test_a_tag_that_was_public_leaves_links(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient, how: str
) -> None:
    slug = (await publish(author, tags=["old"]))["slug"]
    await author.delete(f"/articles/{slug}/publication" if how == "unpublished" else f"/articles/{slug}")
    await change(editor, "/tags/old", name="New")

    problem_in(await anonymous.get("/tags/old"), 404, "tag_not_found")
    await leads(editor, "/tags/old", "/tags/new")
    await editor.delete("/tags/new")
    await is_gone(anonymous, "/tags/old")


@pytest.mark.parametrize("end", ["renamed", "merged", "deleted"])
async def test_a_tag_that_only_drafts_had_leaves_nothing(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession, end: str
) -> None:
    await publish(author, tags=["public"])
    await write(author, tags=["secret"])
    if end == "renamed":
        await change(editor, "/tags/secret", name="Plan")
    elif end == "merged":
        await editor.post("/tags/public/merges", json={"tags": ["secret"]})
    else:
        await editor.delete("/tags/secret")

    for client in (author, editor):
        problem_in(await client.get("/tags/secret"), 404, "tag_not_found")
    assert (await session.scalars(select(FormerName.slug))).all() == []


# --- Categories -----------------------------------------------------------------------------------------------------


async def test_a_renamed_category_is_found_under_each_of_its_slugs(
    editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await editor.post("/categories", json={"name": "Top"})
    await editor.post("/categories", json={"name": "One"})
    await change(editor, "/categories/one", slug="two")
    await change(editor, "/categories/two", slug="three", parent="top")
    await change(editor, "/categories/three", parent=None, name="Other")

    for former in ("one", "two"):
        await leads(anonymous, f"/categories/{former}", "/categories/three")
        await leads(editor, f"/categories/{former}", "/categories/three")
    problem_in(await editor.delete("/categories/two"), 404, "category_not_found")
    await editor.post("/categories", json={"name": "One"})
    assert (await read(anonymous, "/categories/one"))["name"] == "One"


async def test_a_deleted_category_is_gone(editor: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await editor.post("/categories", json={"name": "One"})
    await change(editor, "/categories/one", slug="two")
    await editor.delete("/categories/two")

    for slug in ("one", "two"):
        await is_gone(anonymous, f"/categories/{slug}")
        await is_gone(editor, f"/categories/{slug}")
    problem_in(await anonymous.get("/categories/three"), 404, "category_not_found")


# --- Authors --------------------------------------------------------------------------------------------------------


async def test_an_author_is_found_under_each_username(users: Users, anonymous: httpx.AsyncClient) -> None:
    user = await users.user(Role.AUTHOR, username="anna")
    author, admin = await users.client_for(user), await users.client(Role.ADMIN)
    await publish(author)
    await change(author, "/users/me", username="anna2")
    await change(admin, f"/users/{user.id}", username="anna3")

    for former in ("anna", "anna2"):
        await leads(anonymous, f"/authors/{former}", "/authors/anna3")
        await leads(author, f"/authors/{former}", "/authors/anna3")
    await leads(anonymous, "/authors/ANNA", "/authors/anna3")
    await change(author, "/users/me", username="anna")
    await read(anonymous, "/authors/anna")
    await leads(anonymous, "/authors/anna2", "/authors/anna")


async def test_a_username_is_whose_it_is_now(users: Users, anonymous: httpx.AsyncClient) -> None:
    author = await users.client_for(await users.user(Role.AUTHOR, username="anna"))
    await publish(author)
    await change(author, "/users/me", username="anna2")
    other = await users.client_for(
        await users.user(Role.AUTHOR, username="anna", email="other@example.com", display_name="Other Anna")
    )

    await leads(anonymous, "/authors/anna", "/authors/anna2")
    await publish(other)
    assert (await read(anonymous, "/authors/anna"))["display_name"] == "Other Anna"


async def test_who_has_published_nothing_leaves_nothing(users: Users, session: AsyncSession) -> None:
    author = await users.client_for(await users.user(Role.AUTHOR, username="anna"))
    await write(author)
    await change(author, "/users/me", username="anna2")

    problem_in(await author.get("/authors/anna"), 404, "author_not_found")
    assert (await session.scalars(select(FormerName.slug))).all() == []


async def test_former_usernames_are_forgotten_with_the_account(
    users: Users, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    user = await users.user(Role.AUTHOR, username="anna")
    author, admin = await users.client_for(user), await users.client(Role.ADMIN)
    await publish(author)
    await change(author, "/users/me", username="anna2")
    assert (await admin.delete(f"/users/{user.id}")).status_code == 204

    for former in ("anna", "anna2"):
        problem_in(await anonymous.get(f"/authors/{former}"), 404, "author_not_found")
    assert (await session.scalars(select(FormerName.slug))).all() == []
