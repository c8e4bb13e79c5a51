"""The demonstration blog."""

from fastapi import FastAPI

from app.core.roles import Role
from tests.support.commands import run_command
from tests.support.users import Users


async def test_an_empty_blog_is_filled_once(live_app: FastAPI, live_users: Users) -> None:
    settings = live_app.state.settings
    seeded = await run_command(settings, "commands.seed_demo")
    assert seeded.exit_code == 0, seeded.stderr
    anonymous = await live_users.client()
    articles = (await anonymous.get("/articles")).json()["items"]
    assert articles[0]["title"] == "Reading a book's spine"
    assert len(articles) == 6
    commented = next(article for article in articles if article["slug"] == "a-chain-is-a-consumable")
    assert commented["comment_count"] == 4
    assert (await anonymous.get("/articles/about-the-workshop")).json()["kind"] == "page"
    assert (await anonymous.get("/articles/who-has-a-key")).status_code == 404
    reader = await live_users.client(Role.READER)
    assert len((await reader.get("/articles")).json()["items"]) == 7

    again = await run_command(settings, "commands.seed_demo")

    assert again.exit_code == 1
    assert (await anonymous.get("/articles")).json()["items"] == articles


async def test_a_blog_with_articles_is_left_alone(live_app: FastAPI, live_users: Users) -> None:
    author = await live_users.client(Role.AUTHOR)
    await author.post("/articles", json={"title": "Mine"})

    assert (await run_command(live_app.state.settings, "commands.seed_demo")).exit_code == 1


async def test_the_editor_logs_in_with_the_password_that_was_printed(live_app: FastAPI, live_users: Users) -> None:
    seeded = await run_command(live_app.state.settings, "commands.seed_demo")
    password = seeded.stdout.split()[-1]
    anonymous = await live_users.client()

    login = await anonymous.post("/auth/login", data={"username": "margaret", "password": password})

    assert login.status_code == 200
