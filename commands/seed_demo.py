"""Fills an empty blog with demo content: `uv run python -m commands.seed_demo`."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from commands.runtime import load_settings, opened_database, refuse, run, services_of
from commands.terminal import start

if TYPE_CHECKING:
    from app.accounts.models import User
    from app.container import Services
    from app.core.config import Settings
    from commands.demo_content import DemoArticle, DemoComment

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def seed_demo() -> None:
    """Fill an empty database with a small demo blog.

    Refused (exit code 1) if there are already articles or categories.
    """
    settings = load_settings()
    password = secrets.token_urlsafe(12)
    count = run(settings.database_url, lambda: _seed(settings, password))
    typer.echo(f"Created {count} articles. Log in as the editor `margaret` with the password {password}")


async def _seed(settings: "Settings", password: str) -> int:
    from app.accounts.policies.actors import Principal
    from commands.demo_content import ARTICLES, CATEGORIES

    async with opened_database(settings) as database, services_of(settings, database) as services:
        if await services.content.articles.any_exist() or await services.content.categories.tree():
            refuse("This database already has content. The demo requires an empty one.")
        people = await _people(services, password)
        for category in CATEGORIES:
            await services.content.categories.create(Principal(people["margaret"]), category)
        for article in ARTICLES:
            await _publish(services, people, article)
    return len(ARTICLES)


async def _people(services: "Services", password: str) -> dict[str, "User"]:
    from app.accounts.schemas.users import RegisterInput
    from commands.demo_content import PEOPLE

    people = {}
    for person in PEOPLE:
        # Nobody is told the other passwords, so that nobody else can use these accounts.
        chosen = password if person.username == "margaret" else secrets.token_urlsafe(24)
        data = RegisterInput(
            email=f"{person.username}@example.com",
            username=person.username,
            display_name=person.name,
            password=chosen,
        )
        people[person.username] = await services.accounts.provisioning.create_verified(data, person.role)
        people[person.username].bio = person.bio
    return people


async def _publish(services: "Services", people: dict[str, "User"], demo: "DemoArticle") -> None:
    from app.core import clock

    author = people[demo.author]
    article = await services.content.writing.compose(author, demo.article)
    if demo.days_ago is not None:
        article.publish(clock.now() - timedelta(days=demo.days_ago))
    await services.content.writing.add(article, None, by=None)
    for comment in demo.comments:
        await _comment(services, people, article.slug, comment, None)


async def _comment(
    services: "Services", people: dict[str, "User"], slug: str, comment: "DemoComment", parent_id: int | None
) -> None:
    from app.accounts.policies.actors import Principal
    from app.comments.schemas import CommentInput

    data = CommentInput(body_markdown=comment.text, parent_id=parent_id)
    written = await services.comments.create(Principal(people[comment.author]), slug, data)
    for response in comment.responses:
        await _comment(services, people, slug, response, written["id"])


if __name__ == "__main__":
    start(cli)
