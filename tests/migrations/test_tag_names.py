"""Tags got keys: of several with one name the oldest has it, and all of them stay."""

from collections.abc import Iterable

from alembic import command
from fastapi import FastAPI
from sqlalchemy import select, text

from app.content.models import Tag
from app.core.names import name_key
from app.core.roles import Role
from app.db import migrations
from tests.support.databases import Template
from tests.support.rows import opened
from tests.support.users import Users
from tests.support.writing import publish

BEFORE = "0007"
MANY = 5000


async def add(url: str, tags: Iterable[tuple[int, str]]) -> None:
    statement = text(
        "INSERT INTO tags (id, slug, name, created_at, updated_at) "
        "VALUES (:id, :slug, :name, '2020-01-01 00:00:00', '2020-01-01 00:00:00')"
    )
    async with opened(url) as database, database.engine.begin() as connection:
        await connection.execute(
            statement, [{"id": number, "slug": f"t-{number}", "name": name} for number, name in tags]
        )


async def test_every_tag_stays_and_the_oldest_of_a_name_has_the_key(template: Template) -> None:
    named = ["Straße", "STRASSE", "schön", "schon", "世界", "视界", "strasse", "Schön", "\ufdfa" * 100]
    many = [(100 + number, f"Tag Nº {number}") for number in range(MANY)]
    async with template.empty() as url:
        await migrations.run(url, command.upgrade, BEFORE)
        await add(url, [*enumerate(named, start=1), *many])

        for _ in range(2):
            await migrations.upgrade(url)
            async with opened(url) as database, database.reading() as session:
                found = {tag.id: tag for tag in await session.scalars(select(Tag))}
            assert {number: tag.name for number, tag in found.items()} == dict([*enumerate(named, start=1), *many])
            without = {number for number, tag in found.items() if tag.name_key is None}
            assert without == {2, 7, 8, 9}
            assert all(tag.name_key == name_key(tag.name) for number, tag in found.items() if number not in without)
            assert {tag.name_key for tag in found.values()} >= {f"tag no {number}" for number in range(MANY)}
            await migrations.run(url, command.downgrade, BEFORE)


async def test_a_tag_without_a_key_goes_on_under_its_exact_name(app: FastAPI, users: Users) -> None:
    author, editor = await users.client(Role.AUTHOR), await users.client(Role.EDITOR)
    await publish(author, "A", tags=["go"])
    async with app.state.database.writing() as session:
        await session.execute(
            text(
                "INSERT INTO tags (id, slug, name, created_at, updated_at) "
                "VALUES (99, 'golang', 'Go', '2020-01-01 00:00:00', '2020-01-01 00:00:00')"
            )
        )
        await session.commit()

    for title, name, slug in (("B", "Go", "golang"), ("C", "GO", "go"), ("D", "go", "go")):
        assert [tag["slug"] for tag in (await publish(author, title, tags=[name]))["tags"]] == [slug]

    assert (await editor.patch("/tags/golang", json={"name": "GO"})).status_code == 409
    assert (await editor.patch("/tags/golang", json={"name": "Golang"})).json()["slug"] == "golang"
    assert [tag["slug"] for tag in (await publish(author, "E", tags=["GOLANG"]))["tags"]] == ["golang"]
