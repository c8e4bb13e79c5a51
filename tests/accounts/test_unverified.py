"""Accounts whose email address is not confirmed: whatever their role, they are readers."""

from collections import defaultdict
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.accounts.models import PersonalToken, User
from app.core.opaque_tokens import digest_of
from app.core.roles import Role
from app.core.scopes import Scope
from tests.api.test_permissions import Blog, blog_of, routes_of
from tests.support.logins import with_password
from tests.support.problems import problem_in
from tests.support.users import Users, client_of
from tests.support.writing import walk, write

VARIANTS = {"articles": ["?status=draft", "?status=deleted"], "comments": ["?deleted=true"]}
BODIES: dict[str, Any] = {
    "articles": {"title": "Hello"},
    "comments": {"body_markdown": "Well"},
    "tags": {"name": "Tag", "tags": ["more"]},
    "categories": {"name": "Another"},
    "invitations": {"role": "reader"},
    "users": {"role": "admin"},
}


def paths(app: FastAPI, blog: Blog, *, reading: bool) -> list[tuple[str, str]]:
    """All routes but those of one's own account, for everything that there is in the blog."""
    found = []
    for route in sorted(routes_of(app)):
        method, path = route.split()
        if (method == "GET") is not reading or "/auth/" in path or "/users/me" in path or "/health" in path:
            continue
        for kind in ("public", "draft", "deleted", "tag", "more", "category"):
            ids = {"username": blog.owner.username, "comment_id": blog.names["comment"], "user_id": blog.commenter.id}
            filled = path.format_map(defaultdict(lambda: 1, slug=blog.names[kind], **ids))
            found.append((method, filled))
    return sorted(set(found))


async def answer(client: httpx.AsyncClient, method: str, path: str) -> tuple[int, Any]:
    domain = path.removeprefix("/api/v1/").split("/")[-1 if "/comments" in path else 0]
    body = None if method == "GET" else BODIES.get(domain, {})
    response = await client.request(method, f"http://blog.example.com{path}", json=body)
    seen = response.json() if "json" in response.headers.get("Content-Type", "") else response.text
    if isinstance(seen, dict):
        seen.pop("instance", None)
    return response.status_code, seen


async def with_token(users: Users, user: User) -> httpx.AsyncClient:
    """A script of theirs that may do everything."""
    async with users.app.state.database.writing() as session:
        token = f"clp_{user.username}"
        row = PersonalToken(user_id=user.id, name="all", digest=digest_of(token), scope=" ".join(Scope))
        session.add(row)
        await session.commit()
    return client_of(users.app, token)


@pytest.mark.parametrize(
    ("role", "is_script"), [(Role.AUTHOR, False), (Role.EDITOR, False), (Role.ADMIN, False), (Role.ADMIN, True)]
)
async def test_they_read_what_readers_read(app: FastAPI, users: Users, role: Role, *, is_script: bool) -> None:
    blog = await blog_of(users)
    reader = await users.client(Role.READER)
    user = await users.user(role, is_verified=False)
    unverified = await with_token(users, user) if is_script else await users.client_for(user)
    read = [path for _, path in paths(app, blog, reading=True)]
    read += [path + variant for path in read for variant in VARIANTS.get(path.rpartition("/")[2], [])]
    assert len(read) > 30

    for path in read:
        status, seen = await answer(reader, "GET", path)
        theirs, what_they_see = await answer(unverified, "GET", path)
        if status == 403:
            # What they are told differs: confirming the address is what they can do about it.
            assert theirs == 403, path
        else:
            assert (theirs, what_they_see) == (status, seen), path


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN])
async def test_they_write_no_more_than_readers_and_learn_no_more(app: FastAPI, users: Users, role: Role) -> None:
    blog = await blog_of(users)
    reader = await users.client(Role.READER)
    unverified = await users.client(role, is_verified=False)
    written = paths(app, blog, reading=False)
    assert len(written) > 40

    for method, path in written:
        theirs, what_they_see = await answer(unverified, method, path)
        assert theirs >= 400, (method, path)
        status, _ = await answer(reader, method, path)
        # Not even that a draft is there.
        assert theirs == status or what_they_see["code"] == "email_not_verified", (method, path)


async def test_a_draft_is_as_hidden_from_them_as_one_that_is_not_there(users: Users) -> None:
    blog = await blog_of(users)
    editor = await users.client(Role.EDITOR, is_verified=False)

    for method in ("GET", "PATCH", "DELETE"):
        hidden = await answer(editor, method, f"/api/v1/articles/{blog.names['draft']}")
        assert hidden == await answer(editor, method, "/api/v1/articles/none"), method


async def test_an_author_whose_new_address_is_not_confirmed_reads_their_own_drafts_and_no_others(users: Users) -> None:
    author = await users.user(Role.AUTHOR)
    client, admin = await users.client_for(author), await users.client(Role.ADMIN)
    own = await write(client)
    await write(await users.client(Role.AUTHOR), "Somebody else's")

    assert (await admin.patch(f"/users/{author.id}", json={"email": "other@example.com"})).status_code == 200

    assert [article["slug"] for article in await walk(client, "/articles", status="draft")] == [own["slug"]]
    assert (await client.get(f"/articles/{own['slug']}")).status_code == 200
    problem_in(await client.patch(f"/articles/{own['slug']}", json={"title": "New"}), 403, "email_not_verified")


async def test_confirming_the_address_gives_the_role_back_at_once(users: Users) -> None:
    blog = await blog_of(users)
    user = await users.user(Role.EDITOR, is_verified=False)
    editor, admin = await users.client_for(user), await users.client(Role.ADMIN)
    assert (await editor.get(f"/articles/{blog.names['draft']}")).status_code == 404

    await admin.patch(f"/users/{user.id}", json={"is_verified": True})

    assert (await editor.get(f"/articles/{blog.names['draft']}")).status_code == 200


async def test_an_invitation_of_theirs_is_void_meanwhile(users: Users, anonymous: httpx.AsyncClient) -> None:
    user = await users.user(Role.EDITOR)
    editor, admin = await users.client_for(user), await users.client(Role.ADMIN)
    token = (await editor.post("/invitations", json={"role": "author"})).json()["token"]
    await admin.patch(f"/users/{user.id}", json={"is_verified": False})
    account = {"email": "new@example.com", "username": "new", "password": "four calm otters", "invitation": token}

    problem_in(await anonymous.post("/auth/register", json=account), 403, "invalid_invitation")

    await admin.patch(f"/users/{user.id}", json={"is_verified": True})
    assert (await anonymous.post("/auth/register", json=account)).status_code == 202


@pytest.mark.parametrize("change", [{"is_verified": False}, {"role": "editor"}, {"is_active": False}])
async def test_an_unverified_admin_does_not_stand_in_for_the_last_one(users: Users, change: dict[str, object]) -> None:
    last = await with_password(users, username="anna", role=Role.ADMIN)
    await users.user(Role.ADMIN, is_verified=False)
    client = await users.client_for(last)

    problem_in(await client.patch(f"/users/{last.id}", json=change), 409, "last_admin")


async def test_the_last_admin_is_told_how_to_change_the_address(users: Users) -> None:
    last = await users.user(Role.ADMIN)
    client = await users.client_for(last)

    problem_in(await client.patch(f"/users/{last.id}", json={"email": "other@example.com"}), 403, "forbidden")
    assert (await client.patch(f"/users/{last.id}", json={"email": last.email, "bio": "New"})).status_code == 200
