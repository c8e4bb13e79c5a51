"""Whom imported posts are by, and how these people get at their accounts."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.roles import Role
from tests.support.blogs import all_articles, import_blog, last_line, write_post
from tests.support.mails import mailed_token, mails_waiting
from tests.support.users import Users

PASSWORD = "a quiet afternoon"


async def bylines(users: Users) -> dict[str, str]:
    """Whom each article is by."""
    articles = await all_articles(await users.client())
    return {slug: article["author"]["username"] for slug, article in articles.items()}  # type: ignore[index]


async def test_posts_of_somebody_who_writes_here_are_theirs_and_the_report_says_so(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    await live_users.user(Role.AUTHOR, username="ann-lee", hashed_password="a hash")
    await live_users.user(Role.READER, username="bob", email="bob@example.com", hashed_password="a hash")
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Ann Lee")
    write_post(tmp_path / "blog" / "2020-01-02-b.md", "author: {name: Robert, email: Bob@example.com}")
    write_post(tmp_path / "blog" / "2020-01-03-c.md", "author: Ann Lee")

    dry = await import_blog(live_app, "--dry-run", tmp_path / "blog")
    result = await import_blog(live_app, tmp_path / "blog")

    assert "New account" not in result.stdout
    assert result.stdout.splitlines()[3] == "Assigned to existing accounts: ann-lee (2 posts), bob (1 post)."
    assert dry.stdout.startswith(result.stdout)
    assert await bylines(live_users) == {"a": "ann-lee", "b": "bob", "c": "ann-lee"}


@pytest.mark.parametrize(
    "account",
    [
        {"role": Role.READER},
        {"role": Role.EDITOR, "is_active": False},
        {"role": Role.READER, "email": "steve@example.com", "is_verified": False},
        {"role": Role.AUTHOR, "email": "steve@example.com", "is_verified": False},
        {"role": Role.EDITOR, "email": None, "is_verified": False},
        {"role": Role.ADMIN, "deleted_at": clock.now(), "email": "steve@example.com"},
    ],
)
async def test_nobody_gets_posts_by_having_a_username_or_an_address_that_is_not_confirmed(
    live_app: FastAPI, live_users: Users, tmp_path: Path, account: dict[str, Any]
) -> None:
    await live_users.user(**{"username": "steve-klabnik", "hashed_password": "a hash", **account})
    await live_users.user(Role.AUTHOR, username="steve-klabnik-2", display_name="Else", hashed_password="a hash")
    blog = tmp_path / "blog"
    write_post(blog / "2020-01-01-a.md", "author: Steve Klabnik <steve@example.com>")
    write_post(blog / "2020-01-02-b.md", "author: steve klabnik")

    dry = await import_blog(live_app, "--dry-run", blog)
    result = await import_blog(live_app, blog)

    assert "New accounts to be claimed (1): steve-klabnik-3." in result.stdout
    assert "existing" not in result.stdout
    assert dry.stdout.startswith(result.stdout)
    assert last_line(await import_blog(live_app, blog)) == "0 created, 0 updated, 2 unchanged, 0 skipped."
    write_post(blog / "2020-01-03-c.md", "author: Steve Klabnik")
    assert "New account" not in (await import_blog(live_app, blog)).stdout
    assert set((await bylines(live_users)).values()) == {"steve-klabnik-3"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("schön", "schon"),
        ("Schon", "Schön"),
        ("世界", "视界"),
        ("视界", "Shi Jie"),
        ("pêche", "péché"),
        ("مصر", "مسر"),
        ("Юлия", "Iuliia"),
        ("O'Brien", "O Brien"),
        ("Al", "Ål"),
        ("é" * 60, "è" * 60),
    ],
)
async def test_authors_whose_names_are_transliterated_alike_are_two(
    live_app: FastAPI, live_users: Users, tmp_path: Path, one: str, other: str
) -> None:
    blog = tmp_path / "blog"
    for number, name in enumerate([one, other, one.upper(), f" {other}"], start=1):
        write_post(blog / f"2020-01-0{number}-post{number}.md", f'author: "{name}"')

    dry = await import_blog(live_app, "--dry-run", blog)
    result = await import_blog(live_app, blog)

    assert "New accounts to be claimed (2)" in result.stdout
    assert dry.stdout.startswith(result.stdout)
    articles = await all_articles(await live_users.client())
    by = [articles[f"post{number}"]["author"]["display_name"] for number in (1, 2, 3, 4)]  # type: ignore[index]
    assert by == [one, other, one, other]
    assert last_line(await import_blog(live_app, blog)) == "0 created, 0 updated, 4 unchanged, 0 skipped."
    write_post(blog / "2020-01-05-post5.md", f'author: "{other}"')
    assert "New account" not in (await import_blog(live_app, blog)).stdout


@pytest.mark.parametrize(
    ("username", "display_name", "named", "is_theirs"),
    [
        ("schon", "Schön", "Schon", False),
        ("schon", "Schön", "SCHÖN", True),
        ("schon", "Schön", "schon", True),
        ("schon", "schon", "Schön", False),
        ("schon", "Somebody", "Schon", True),
        ("ann-lee", "Annette Lee", "Ann Lee", True),
        ("ann-lee", "Ann Lee", "ann-lee", True),
        ("ann-lee", "Änn Lee", "Ann Lee", False),
        ("liu", "Liu Xiaobo", "柳", False),
        ("liu", "柳", "刘", False),
        ("liu", "柳", "柳", True),
    ],
)
async def test_somebodys_name_is_not_what_it_is_transliterated_to(
    live_app: FastAPI,
    live_users: Users,
    tmp_path: Path,
    username: str,
    display_name: str,
    named: str,
    *,
    is_theirs: bool,
) -> None:
    await live_users.user(Role.AUTHOR, username=username, display_name=display_name, hashed_password="a hash")
    write_post(tmp_path / "blog" / "2020-01-01-a.md", f"author: {named}")
    result = await import_blog(live_app, tmp_path / "blog")
    assert ("Assigned to existing accounts" in result.stdout) is is_theirs
    assert ((await bylines(live_users))["a"] == username) is is_theirs


async def test_an_address_that_stands_in_for_another_name_is_not_theirs(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    await live_users.user(Role.AUTHOR, username="schon", display_name="Schön", email="schon@unclaimed.invalid")
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: schon")
    write_post(tmp_path / "blog" / "2020-01-02-b.md", "author: schön")
    await import_blog(live_app, tmp_path / "blog")
    assert await bylines(live_users) == {"a": "schon-2", "b": "schon"}


async def test_an_account_that_was_made_for_somebody_stays_theirs_under_another_username(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: parkr")
    await import_blog(live_app, tmp_path / "blog")
    admin = await live_users.client(Role.ADMIN)
    account = (await admin.get("/users", params={"q": "parkr"})).json()["items"][0]
    await admin.patch(f"/users/{account['id']}", json={"username": "parker", "display_name": "Parker"})

    write_post(tmp_path / "blog" / "2020-01-02-b.md", "author: parkr")
    result = await import_blog(live_app, tmp_path / "blog")

    assert "account" not in result.stdout
    assert await bylines(live_users) == {"a": "parker", "b": "parker"}


async def test_an_unknown_author_cannot_log_in_and_is_public_as_an_author(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Jörg Müller")
    await import_blog(live_app, tmp_path / "blog")
    anonymous = await live_users.client()

    profile = (await anonymous.get("/authors/jorg-muller")).json()
    assert (profile["display_name"], profile["article_count"]) == ("Jörg Müller", 1)
    for password in ("!", "", "jorg-muller", "nobody has this password"):
        login = await anonymous.post("/auth/login", data={"username": "jorg-muller", "password": password})
        assert login.status_code in {401, 422}
    await anonymous.post("/auth/forgot-password", json={"email": "jorg-muller@unclaimed.example"})
    assert await mails_waiting(live_app) == []


async def test_the_account_is_claimed_by_whoever_owns_its_address(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Ann Lee <ann@example.com>")
    await import_blog(live_app, tmp_path / "blog")
    await claim(live_app, live_users, "ann@example.com", "ann-lee")


async def test_an_admin_hands_an_account_without_an_address_over(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: parkr")
    await import_blog(live_app, tmp_path / "blog")
    admin = await live_users.client(Role.ADMIN)
    account = (await admin.get("/users", params={"q": "parkr"})).json()["items"][0]
    assert (account["email"], account["role"]) == ("parkr@unclaimed.invalid", "author")
    assert account["is_verified"] is False

    assert (await admin.patch(f"/users/{account['id']}", json={"email": "parker@example.com"})).status_code == 200

    await claim(live_app, live_users, "parker@example.com", "parkr")


async def claim(app: FastAPI, users: Users, email: str, username: str) -> None:
    """Reset the password by mail, log in, and correct the imported article."""
    client = await users.client()
    assert (await client.post("/auth/forgot-password", json={"email": email})).status_code == 202
    reset = {"token": await mailed_token(app), "password": PASSWORD}
    assert (await client.post("/auth/reset-password", json=reset)).status_code == 204
    login = await client.post("/auth/login", data={"username": username, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    edited = await client.patch("/articles/a", json={"title": "Mine again"})
    assert edited.status_code == 200, edited.text
    assert edited.json()["author"]["username"] == username
