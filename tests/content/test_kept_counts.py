"""The numbers of public articles are kept by the database, and right whatever is done to articles."""

import asyncio
import re
from collections.abc import Awaitable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.content.models import Article, Category, Tag, article_tags
from app.content.queries.articles import is_listed, is_listed_to_members
from app.core.roles import Role
from app.db.base import Base
from app.db.counters import trigger_statements
from tests.support.users import Users
from tests.support.writing import publish, read, write

_LISTED_TAGGED = select(func.count()).join(Article, Article.id == article_tags.c.article_id).where(is_listed)
COUNTED: dict[Any, Any] = {
    Tag: _LISTED_TAGGED.where(article_tags.c.tag_id == Tag.id).select_from(article_tags),
    User: select(func.count()).select_from(Article).where(is_listed, Article.author_id == User.id),
    Category: select(func.count()).select_from(Article).where(is_listed, Article.category_id == Category.id),
}


async def kept(session: AsyncSession) -> dict[str, int]:
    """What is counted, by slug or username; every count is as it would be if it was counted now."""
    found: dict[str, int] = {}
    for model, counting in COUNTED.items():
        name = User.username if model is User else model.slug
        counts = (await session.execute(select(name, model.article_count, counting.scalar_subquery()))).all()
        assert [row for row in counts if row[1] != row[2]] == []
        found |= {name: count for name, count, _ in counts if count}
    for column, condition in (("published_at", is_listed), ("listed_at", is_listed_to_members)):
        shown_at = select(Article.published_at).where(Article.id == article_tags.c.article_id, condition)
        differs = article_tags.c[column].is_distinct_from(shown_at.scalar_subquery())
        assert (await session.execute(select(article_tags).where(differs))).all() == []
    return found


@pytest.fixture
async def anna(users: Users) -> httpx.AsyncClient:
    return await users.client(Role.AUTHOR, username="anna")


async def test_what_people_do_with_articles_is_counted(
    anna: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    for name in ("News", "Old"):
        await editor.post("/categories", json={"name": name})
    await write(anna, "One", tags=["red", "blue"], category="news")
    assert await kept(session) == {}

    await anna.put("/articles/one/publication")
    assert await kept(session) == {"anna": 1, "news": 1, "red": 1, "blue": 1}

    await anna.patch("/articles/one", json={"tags": ["blue", "green"], "category": "old"})
    assert await kept(session) == {"anna": 1, "old": 1, "blue": 1, "green": 1}

    await anna.put("/articles/one/publication", json={"published_at": "2020-01-01T00:00:00Z"})
    assert await kept(session) == {"anna": 1, "old": 1, "blue": 1, "green": 1}

    await anna.delete("/articles/one")
    assert await kept(session) == {}

    await editor.put("/articles/one/restoration")
    assert await kept(session) == {"anna": 1, "old": 1, "blue": 1, "green": 1}

    await anna.delete("/articles/one/publication")
    assert await kept(session) == {}


async def test_what_happens_to_tags_and_categories_is_counted(
    anna: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    await editor.post("/categories", json={"name": "World"})
    await editor.post("/categories", json={"name": "News", "parent": "world"})
    for number in range(3):
        await publish(anna, f"A {number}", tags=["red", "blue"][: number + 1], category="news")
    await write(anna, "Draft", tags=["red"], category="news")
    assert await kept(session) == {"anna": 3, "news": 3, "red": 3, "blue": 2}

    await editor.delete("/categories/news")
    assert await kept(session) == {"anna": 3, "world": 3, "red": 3, "blue": 2}

    await publish(anna, "B", tags=["blue"])
    await editor.post("/tags/red/merges", json={"tags": ["blue"]})
    assert await kept(session) == {"anna": 4, "world": 3, "red": 4}

    await editor.delete("/tags/red")
    assert await kept(session) == {"anna": 4, "world": 3}


async def test_statements_that_change_many_rows_are_counted(
    anna: httpx.AsyncClient, users: Users, session: AsyncSession
) -> None:
    for number in range(3):
        await publish(anna, f"A {number}", tags=["red", "blue"])
    await write(anna, "Draft", tags=["green"])
    ben = await users.user(Role.AUTHOR, username="ben")

    for statement, expected in (
        ("UPDATE articles SET author_id = :ben", {"ben": 3, "red": 3, "blue": 3}),
        ("UPDATE articles SET status = 'draft' WHERE slug = 'a-0'", {"ben": 2, "red": 2, "blue": 2}),
        ("UPDATE articles SET deleted_at = published_at WHERE slug = 'a-1'", {"ben": 1, "red": 1, "blue": 1}),
        (
            (
                "UPDATE article_tags SET tag_id = (SELECT id FROM tags WHERE slug = 'green') "
                "WHERE tag_id = (SELECT id FROM tags WHERE slug = 'blue')"
            ),
            {"ben": 1, "red": 1, "green": 1},
        ),
        (
            (
                "UPDATE article_tags SET article_id = (SELECT id FROM articles WHERE slug = 'draft') WHERE tag_id = "
                "(SELECT id FROM tags WHERE slug = 'red') AND article_id = (SELECT id FROM articles WHERE slug = 'a-2')"
            ),
            {"ben": 1, "green": 1},
        ),
        ("DELETE FROM articles", {}),
    ):
        await session.execute(text(statement), {"ben": ben.id} if ":ben" in statement else {})
        assert await kept(session) == expected, statement


async def test_a_comment_is_no_change_of_what_is_counted(anna: httpx.AsyncClient, session: AsyncSession) -> None:
    await publish(anna, tags=["red"])

    await session.execute(update(Article).values(comment_count=7))

    assert await kept(session) == {"anna": 1, "red": 1}


async def test_counts_cannot_be_had_of_entities_which_may_be_out_of_date(
    anna: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(anna, tags=["red"])
    tag = (await session.scalars(select(Tag))).one()

    with pytest.raises(Exception, match="article_count"):
        _ = tag.article_count


def test_authors_categories_and_tags_are_locked_in_this_order() -> None:
    dialect = make_url("postgresql+asyncpg://").get_dialect()()
    tables = [Base.metadata.tables[name] for name in ("article_tags", "articles")]
    statements = "\n".join(statement for table in tables for statement in trigger_statements(table, dialect))
    locked = {
        function: re.findall(r"PERFORM 1 FROM (\w+)", body)
        for function, body in re.findall(r"CREATE FUNCTION (\w+)\(\)(.*?)END \$\$", statements, re.DOTALL)
    }
    triggers = re.findall(r"CREATE TRIGGER (\w+) AFTER UPDATE ON articles .* FUNCTION (\w+)\(\)", statements)

    # They run in the order of their names.
    assert [table for _, function in sorted(triggers) for table in locked[function]] == ["users", "categories", "tags"]


async def at_once(requests: list[Awaitable[httpx.Response]]) -> set[int]:
    return {response.status_code for response in await asyncio.gather(*requests)}


async def test_many_who_count_the_same_at_once_neither_block_nor_miscount(live_app: FastAPI, live_users: Users) -> None:
    """Articles with the same tags in opposite orders: whoever locks them crosswise waits for ever."""
    authors = [await live_users.client(Role.AUTHOR) for _ in range(2)]
    editor = await live_users.client(Role.EDITOR)
    await editor.post("/categories", json={"name": "News"})
    tags = [f"tag {number}" for number in range(6)]
    slugs = []
    for number in range(12):
        order = tags if number % 2 else tags[::-1]
        slugs.append((await write(authors[number % 2], f"A {number}", tags=order[:4], category="news"))["slug"])
    writers = [authors[number % 2] for number in range(12)]

    published = await at_once([w.put(f"/articles/{s}/publication") for w, s in zip(writers, slugs, strict=True)])
    changed = await at_once(
        [
            client.patch(f"/articles/{slug}", json={"tags": (tags[::-1] if client is authors[0] else tags)[2:]})
            for client, slug in zip(writers, slugs, strict=True)
        ]
    )
    mixed = await at_once(
        [
            editor.post("/tags/tag-0/merges", json={"tags": ["tag-5"]}),
            editor.delete("/categories/news"),
            *(w.delete(f"/articles/{s}/publication") for w, s in zip(writers[:4], slugs[:4], strict=True)),
            *(w.delete(f"/articles/{s}") for w, s in zip(writers[4:6], slugs[4:6], strict=True)),
        ]
    )

    assert (published, changed, mixed) == ({200}, {200}, {200, 204})
    async with live_app.state.database.reading() as session:
        counts = await kept(session)
    assert sum(counts[author] for author in counts if author.startswith("author")) == 6
    shown = (await read(await live_users.client(), "/tags"))["items"]
    assert {tag["slug"]: tag["article_count"] for tag in shown} == {
        slug: count for slug, count in counts.items() if slug.startswith("tag")
    }
