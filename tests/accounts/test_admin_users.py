"""Everybody's accounts, for admins."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.core.roles import Role
from tests.support.malformed import NEVER_VALID, json_with
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def admin(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.ADMIN, username="root", display_name="Root")


async def usernames(client: httpx.AsyncClient, **query: Any) -> list[str]:
    response = await client.get("/users", params=query)
    assert response.status_code == 200, response.text
    return [user["username"] for user in response.json()["items"]]


# --- Listing ---------------------------------------------------------------------------------------------------


async def test_the_newest_account_is_listed_first(users: Users, admin: httpx.AsyncClient) -> None:
    for name in ("first", "second", "third"):
        await users.user(username=name)

    page = (await admin.get("/users", params={"limit": 2, "skip": 1})).json()

    assert [user["username"] for user in page["items"]] == ["second", "first"]
    assert page["total"] == 4
    assert not {"hashed_password", "token_version"} & page["items"][0].keys()


async def test_accounts_are_found_by_role_and_state(users: Users, admin: httpx.AsyncClient) -> None:
    await users.user(Role.AUTHOR, username="writer")
    await users.user(Role.AUTHOR, username="left", is_active=False)

    assert await usernames(admin, role="author") == ["left", "writer"]
    assert await usernames(admin, is_active=True) == ["writer", "root"]
    assert await usernames(admin, role="author", is_active=False) == ["left"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ANN", ["anna"]),
        ("anna@ex", ["anna"]),
        ("o'hara", ["anna"]),
        ("ünal", ["anna"]),
        ("Ünal", ["anna"]),
        ("100%", ["percent"]),
        ("100_", []),
        ("%", ["percent"]),
        ("\\", []),
        ("", ["percent", "anna", "root"]),
    ],
)
async def test_accounts_are_found_by_part_of_what_they_are_called(
    users: Users, admin: httpx.AsyncClient, q: str, found: list[str]
) -> None:
    await users.user(username="anna", display_name="Anna Ünal O'Hara")
    await users.user(username="percent", display_name="100% me")

    assert await usernames(admin, q=q) == found


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=NaN", f"limit={2**64}", "skip=-1", f"skip={2**31}", f"skip={2**63}", "role=king",
     "is_active=maybe", "q=%00", f"q={'x' * 101}", "sort=id"],
)  # fmt: skip
@pytest.mark.one_database
async def test_a_filter_that_makes_no_sense_is_refused(admin: httpx.AsyncClient, query: str) -> None:
    problem = problem_in(await admin.get(f"/users?{query}"), 422, "validation_error")

    assert fields_of(problem) == [f"{query.partition('=')[0]}"]


async def test_a_deleted_account_is_not_listed(users: Users, admin: httpx.AsyncClient) -> None:
    gone = await users.user(username="gone")
    await admin.delete(f"/users/{gone.id}")

    assert await usernames(admin) == ["root"]
    assert await usernames(admin, q="deleted") == []


# --- One account -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user_id", [2**31 - 1, 2**31, 2**53, 2**63 - 1])
async def test_there_is_not_every_account_that_could_be(admin: httpx.AsyncClient, user_id: int) -> None:
    for response in (
        await admin.get(f"/users/{user_id}"),
        await admin.patch(f"/users/{user_id}", json={"bio": ""}),
        await admin.delete(f"/users/{user_id}"),
    ):
        problem_in(response, 404, "user_not_found")


@pytest.mark.parametrize("user_id", [0, -1, 2**63, 2**64, 10**400, "NaN", "1e3", "root", "%00", "%ED%A0%80"])
@pytest.mark.one_database
async def test_what_can_be_no_id_is_refused(admin: httpx.AsyncClient, user_id: object) -> None:
    for response in (
        await admin.get(f"/users/{user_id}"),
        await admin.patch(f"/users/{user_id}", json={"bio": ""}),
        await admin.delete(f"/users/{user_id}"),
    ):
        assert fields_of(problem_in(response, 422, "validation_error")) == ["user_id"]


async def test_admins_change_everything_about_an_account(users: Users, admin: httpx.AsyncClient) -> None:
    user = await users.user(is_verified=False)
    changes = {
        "username": "renamed",
        "display_name": "Renamed",
        "bio": "By an admin",
        "avatar_url": "https://example.com/a.png",
        "email": "renamed@example.com",
        "role": "editor",
        "is_active": False,
        "is_verified": True,
    }

    changed = await admin.patch(f"/users/{user.id}", json=changes)

    assert changed.status_code == 200, changed.text
    shown = (await admin.get(f"/users/{user.id}")).json()
    assert changed.json() == shown
    assert {name: shown[name] for name in changes} == changes


async def test_another_address_has_to_be_confirmed_unless_the_admin_vouches_for_it(
    users: Users, admin: httpx.AsyncClient
) -> None:
    path = f"/users/{(await users.user(username='anna')).id}"

    assert (await admin.patch(path, json={"email": "ANNA@example.com"})).json()["is_verified"] is True
    assert (await admin.patch(path, json={"email": "b@example.com"})).json()["is_verified"] is False
    vouched = await admin.patch(path, json={"email": "c@example.com", "is_verified": True})
    assert vouched.json()["is_verified"] is True


@pytest.mark.parametrize(
    ("change", "code"),
    [({"email": "ÜNAL@example.com"}, "email_taken"), ({"username": "BERT"}, "username_taken")],
)
async def test_an_account_cannot_become_like_another(
    users: Users, admin: httpx.AsyncClient, change: dict[str, str], code: str
) -> None:
    await users.user(username="bert", email="ünal@example.com")
    anna = await users.user(username="anna")

    refused = await admin.patch(f"/users/{anna.id}", json={**change, "role": "admin"})

    assert fields_of(problem_in(refused, 409, code)) == list(change)
    assert (await admin.get(f"/users/{anna.id}")).json()["role"] == "reader"


@pytest.mark.parametrize("field", ["email", "username", "display_name", "bio", "role", "is_active", "is_verified"])
@pytest.mark.one_database
async def test_nothing_that_every_account_has_can_become_null(
    users: Users, admin: httpx.AsyncClient, field: str
) -> None:
    user = await users.user()

    refused = await admin.patch(f"/users/{user.id}", json={field: None})

    assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


@pytest.mark.parametrize("value", NEVER_VALID.values(), ids=NEVER_VALID.keys())
@pytest.mark.one_database
async def test_malformed_values_are_refused(users: Users, admin: httpx.AsyncClient, value: str) -> None:
    user = await users.user()
    for field in ("email", "username", "display_name", "bio", "avatar_url", "role", "is_active", "is_verified"):
        refused = await admin.patch(f"/users/{user.id}", content=json_with({field: value}), headers=JSON)

        assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]


@pytest.mark.parametrize("field", ["password", "hashed_password", "is_superuser", "id", "token_version", "created_at"])
@pytest.mark.one_database
async def test_what_not_even_admins_may_set_is_refused(users: Users, admin: httpx.AsyncClient, field: str) -> None:
    user = await users.user()

    refused = await admin.patch(f"/users/{user.id}", json={field: "four calm otters"})

    assert fields_of(problem_in(refused, 422, "validation_error")) == [f"{field}"]
    assert "otters" not in refused.text


# --- The last admin --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"role": "editor"}, {"is_active": False}, {"role": "reader", "bio": "x"}, None])
async def test_the_last_admin_stays(users: Users, change: dict[str, object] | None) -> None:
    root = await users.user(Role.ADMIN)
    await users.user(Role.ADMIN, is_active=False)
    admin = await users.client_for(root)
    path = f"/users/{root.id}"

    refused = await (admin.patch(path, json=change) if change else admin.delete(path))

    problem_in(refused, 409, "last_admin")
    shown = (await admin.get(path)).json()
    assert (shown["role"], shown["is_active"], shown["bio"]) == ("admin", True, "")


@pytest.mark.parametrize("change", [{"role": "editor"}, {"is_active": False}, None])
async def test_one_of_two_admins_may_go(
    users: Users, admin: httpx.AsyncClient, change: dict[str, object] | None
) -> None:
    other = await users.user(Role.ADMIN)
    path = f"/users/{other.id}"

    response = await (admin.patch(path, json=change) if change else admin.delete(path))

    assert response.is_success, response.text


async def test_the_last_admin_may_change_everything_else(users: Users) -> None:
    root = await users.user(Role.ADMIN)
    changes = {"role": "admin", "is_active": True, "bio": "Still here"}

    changed = await (await users.client_for(root)).patch(f"/users/{root.id}", json=changes)

    assert changed.json()["bio"] == "Still here"


async def test_two_admins_cannot_depose_each_other_at_once(live_users: Users) -> None:
    users = [await live_users.user(Role.ADMIN) for _ in range(2)]
    first, second = [await live_users.client_for(user) for user in users]

    responses = await asyncio.gather(
        first.patch(f"/users/{users[1].id}", json={"role": "reader"}), second.delete(f"/users/{users[0].id}")
    )

    assert len([response for response in responses if response.is_success]) == 1, [
        response.text for response in responses
    ]
    assert {response.status_code for response in responses if not response.is_success} <= {401, 403, 409}


# --- Deleting --------------------------------------------------------------------------------------------------


async def test_what_somebody_wrote_outlives_their_account_under_no_name(
    users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    anna = await users.user(Role.AUTHOR, username="anna", bio="Me", avatar_url="https://example.com/anna.png")
    client = await users.client_for(anna)
    await client.post("/articles", json={"title": "Mine", "status": "published"})
    await client.post("/articles/mine/comments", json={"body_markdown": "Also mine"})

    assert (await admin.delete(f"/users/{anna.id}")).status_code == 204

    article = await anonymous.get("/articles/mine")
    comments = await anonymous.get("/articles/mine/comments")
    assert article.json()["author"]["display_name"] == "Deleted account"
    assert comments.json()["items"][0]["author"]["display_name"] == "Deleted account"
    for shown in (article.text, comments.text):
        assert "anna" not in shown.lower()
    assert (await anonymous.get("/authors/anna")).status_code == 404
    author = await anonymous.get(f"/authors/{article.json()['author']['username']}")
    assert author.json()["display_name"] == "Deleted account"
    assert (await anonymous.get("/authors")).json()["items"] == []


async def test_nothing_personal_is_kept_of_a_deleted_account(
    users: Users, admin: httpx.AsyncClient, session: AsyncSession
) -> None:
    anna = await users.user(username="anna", bio="Me", avatar_url="https://example.com/anna.png")

    await admin.delete(f"/users/{anna.id}")

    stored = (await session.scalars(select(User).where(User.id == anna.id))).one()
    kept = [stored.email, stored.username, stored.display_name, stored.bio, stored.avatar_url, stored.hashed_password]
    assert not [value for value in kept if value and "anna" in value.lower()]
    assert stored.bio == ""


async def test_a_deleted_account_cannot_be_reached_again(users: Users, admin: httpx.AsyncClient) -> None:
    path = f"/users/{(await users.user()).id}"
    assert (await admin.delete(path)).status_code == 204

    for response in (
        await admin.get(path),
        await admin.patch(path, json={"is_active": True}),
        await admin.delete(path),
    ):
        problem_in(response, 404, "user_not_found")


async def test_address_and_username_of_a_deleted_account_are_free_but_its_id_is_not(
    users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    data = {"email": "anna@example.com", "username": "anna", "password": "four calm otters"}
    anna = await users.user(username="anna")
    old_token = await users.client_for(anna)
    await admin.delete(f"/users/{anna.id}")

    again = await anonymous.post("/auth/register", json=data)

    assert again.status_code == 202, again.text
    (successor,) = (await admin.get("/users", params={"q": "anna@example.com"})).json()["items"]
    assert successor["id"] > anna.id
    problem_in(await old_token.get("/users/me"), 401, "invalid_token")


async def test_nobody_can_stand_in_the_way_of_a_deletion(
    users: Users, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    anna = await users.user()
    for name in (f"deleted-{anna.id}", f"Deleted-{anna.id}"):
        data = {"email": f"{name}@example.com", "username": name, "password": "four calm otters"}
        await anonymous.post("/auth/register", json=data)

    deleted = await admin.delete(f"/users/{anna.id}")

    assert deleted.status_code == 204, deleted.text
