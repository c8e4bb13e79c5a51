"""Public profiles of people who have published something."""

import httpx
import pytest

from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

PROFILE = {"display_name": "Anna A.", "bio": "Writes.", "avatar_url": "https://example.com/a.png"}


async def test_a_profile_says_who_writes(users: Users, anonymous: httpx.AsyncClient) -> None:
    anna = await users.client(Role.AUTHOR, username="anna", **PROFILE)
    await publish(anna, "One")
    await publish(anna, "Two")
    await write(anna, "Three")

    expected = {"username": "anna", **PROFILE, "article_count": 2}

    assert await read(anonymous, "/authors/anna") == expected
    assert (await read(anonymous, "/authors"))["items"] == [expected]


@pytest.mark.parametrize("role", [None, *Role])
async def test_no_public_answer_has_an_address(users: Users, role: Role | None) -> None:
    anna = await users.client(Role.AUTHOR, username="anna", email="hidden@private.example.com")
    await publish(anna)
    await anna.post("/articles/an-article/comments", json={"body_markdown": "Hi"})
    client = await users.client(role)

    for path in ("/authors", "/authors/anna", "/articles", "/articles/an-article", "/articles/an-article/comments"):
        response = await client.get(path)
        assert "anna" in response.text
        assert "private" not in response.text


async def test_whoever_has_published_nothing_has_no_profile(users: Users, anonymous: httpx.AsyncClient) -> None:
    await write(await users.client(Role.AUTHOR, username="drafter"))
    await users.user(Role.ADMIN, username="admin")

    for username in ("drafter", "admin", "nobody", "%", "x" * 120):
        problem_in(await anonymous.get(f"/authors/{username}"), 404, "author_not_found")
    assert (await read(anonymous, "/authors"))["items"] == []


async def test_authors_are_in_the_order_of_their_code_points_everywhere(
    users: Users, anonymous: httpx.AsyncClient
) -> None:
    for username in ("a_b", "a-b", "ab", "a-c"):
        await publish(await users.client(Role.AUTHOR, username=username), f"By {username}")

    authors = (await read(anonymous, "/authors"))["items"]

    assert [author["username"] for author in authors] == ["a-b", "a-c", "a_b", "ab"]


async def test_a_username_has_no_case(users: Users, anonymous: httpx.AsyncClient) -> None:
    await publish(await users.client(Role.AUTHOR, username="anna"))

    assert (await read(anonymous, "/authors/ANNA"))["username"] == "anna"


async def test_pages_of_authors_show_each_once_and_in_order(users: Users, anonymous: httpx.AsyncClient) -> None:
    usernames = ["a-b", "a1", "ab", "b1", "b10", "b2", "zoe"]
    for username in reversed(usernames):
        await publish(await users.client(Role.AUTHOR, username=username))

    whole = names(await walk(anonymous, "/authors"), "username")

    assert whole == usernames
    for limit in (1, 2, 3):
        assert names(await walk(anonymous, "/authors", limit=limit), "username") == whole


async def test_a_deleted_account_is_listed_no_more_but_what_it_wrote_names_a_profile(
    users: Users, anonymous: httpx.AsyncClient
) -> None:
    anna = await users.user(Role.AUTHOR, username="anna", **PROFILE)
    await publish(await users.client_for(anna))

    assert (await (await users.client(Role.ADMIN)).delete(f"/users/{anna.id}")).status_code == 204

    problem_in(await anonymous.get("/authors/anna"), 404, "author_not_found")
    assert (await read(anonymous, "/authors"))["items"] == []
    by_whom = (await read(anonymous, "/articles/an-article"))["author"]
    nobody = {"username": f"deleted.{anna.id}", "display_name": "Deleted account", "avatar_url": None}
    assert by_whom == nobody
    assert names((await read(anonymous, "/articles", author=by_whom["username"]))["items"]) == ["an-article"]
    assert await read(anonymous, f"/authors/{by_whom['username']}") == {**nobody, "bio": "", "article_count": 1}


async def test_a_deleted_account_that_had_published_nothing_has_no_profile(
    users: Users, anonymous: httpx.AsyncClient
) -> None:
    drafter = await users.user(Role.AUTHOR)
    await write(await users.client_for(drafter))
    await (await users.client(Role.ADMIN)).delete(f"/users/{drafter.id}")

    problem_in(await anonymous.get(f"/authors/deleted.{drafter.id}"), 404, "author_not_found")


async def test_an_author_of_deleted_articles_only_has_no_profile(users: Users, anonymous: httpx.AsyncClient) -> None:
    anna = await users.client(Role.AUTHOR, username="anna")
    await publish(anna)
    await anna.delete("/articles/an-article")

    problem_in(await anonymous.get("/authors/anna"), 404, "author_not_found")
    assert (await read(anonymous, "/authors"))["items"] == []


async def test_an_inactive_account_stays_an_author(users: Users, anonymous: httpx.AsyncClient) -> None:
    anna = await users.user(Role.AUTHOR, username="anna")
    await publish(await users.client_for(anna))

    await (await users.client(Role.ADMIN)).patch(f"/users/{anna.id}", json={"is_active": False})

    assert (await read(anonymous, "/authors/anna"))["article_count"] == 1
