"""Whom imported posts are by, and how these people get at their accounts."""

from pathlib import Path

from fastapi import FastAPI

from app.core.roles import Role
from tests.support.blogs import all_articles, import_blog, write_post
from tests.support.mails import mailed_token, mails_waiting
from tests.support.people import People

PASSWORD = "a quiet afternoon"


async def test_posts_of_somebody_with_an_account_are_theirs(
    live_app: FastAPI, live_people: People, tmp_path: Path
) -> None:
    await live_people.user(Role.READER, username="ann-lee")
    await live_people.user(Role.EDITOR, username="bob", email="bob@example.com")
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Ann Lee")
    write_post(tmp_path / "blog" / "2020-01-02-b.md", "author: {name: Robert, email: Bob@example.com}")

    result = await import_blog(live_app, tmp_path / "blog")

    assert "New account" not in result.stdout
    articles = await all_articles(await live_people.client())
    assert [article["author"]["username"] for article in articles.values()] == ["bob", "ann-lee"]  # type: ignore[index]


async def test_an_unknown_author_cannot_log_in_and_is_public_as_an_author(
    live_app: FastAPI, live_people: People, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Jörg Müller")
    await import_blog(live_app, tmp_path / "blog")
    stranger = await live_people.client()

    profile = (await stranger.get("/authors/jorg-muller")).json()
    assert (profile["display_name"], profile["article_count"]) == ("Jörg Müller", 1)
    for password in ("!", "", "jorg-muller", "nobody has this password"):
        login = await stranger.post("/auth/login", data={"username": "jorg-muller", "password": password})
        assert login.status_code in {401, 422}
    await stranger.post("/auth/forgot-password", json={"email": "jorg-muller@unclaimed.example"})
    assert await mails_waiting(live_app) == []


async def test_the_account_is_claimed_by_whoever_owns_its_address(
    live_app: FastAPI, live_people: People, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: Ann Lee <ann@example.com>")
    await import_blog(live_app, tmp_path / "blog")
    await claim(live_app, live_people, "ann@example.com", "ann-lee")


async def test_an_admin_hands_an_account_without_an_address_over(
    live_app: FastAPI, live_people: People, tmp_path: Path
) -> None:
    write_post(tmp_path / "blog" / "2020-01-01-a.md", "author: parkr")
    await import_blog(live_app, tmp_path / "blog")
    admin = await live_people.client(Role.ADMIN)
    account = (await admin.get("/users", params={"q": "parkr"})).json()["items"][0]
    assert (account["email"], account["role"]) == ("parkr@unclaimed.invalid", "author")
    assert account["is_verified"] is False

    assert (await admin.patch(f"/users/{account['id']}", json={"email": "parker@example.com"})).status_code == 200

    await claim(live_app, live_people, "parker@example.com", "parkr")


async def claim(app: FastAPI, people: People, email: str, username: str) -> None:
    """Reset the password by mail, log in, and correct the imported article."""
    client = await people.client()
    assert (await client.post("/auth/forgot-password", json={"email": email})).status_code == 202
    reset = {"token": await mailed_token(app), "password": PASSWORD}
    assert (await client.post("/auth/reset-password", json=reset)).status_code == 204
    login = await client.post("/auth/login", data={"username": username, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    edited = await client.patch("/articles/a", json={"title": "Mine again"})
    assert edited.status_code == 200, edited.text
    assert edited.json()["author"]["username"] == username
