"""However long a list is, it takes the same few queries."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import User
from app.comments.models import Comment
from app.content.models import Article, ArticleStatus, Category, Tag
from app.core import clock
from app.core.roles import Role
from tests.support.statements import recorded_statements
from tests.support.users import Users
from tests.support.writing import publish

FEW, MANY = 3, 15
MAX_QUERIES = 4
# With the queries that each takes. The categories below one are looked up before what is in them, and of several
# filters how many articles each lets through.
PUBLIC_LISTS = {
    "/articles?limit=100": 1,
    "/articles?limit=100&sort=title": 1,
    "/articles?limit=100&tag=shared": 1,
    "/articles?limit=100&category=shared": 2,
    "/articles?limit=100&tag=shared&category=shared&sort=most_commented": 3,
    "/tags?limit=100": 1,
    "/categories": 1,
    "/authors?limit=100": 1,
    "/articles/article-0/comments?limit=100": 1,
}
# Answered alike to everybody, whoever asks is not looked up.
THE_SAME_FOR_ALL = ("/categories", "/authors?limit=100")
EDITORS_LISTS = ["/articles?limit=100&status=draft", "/articles?limit=100&status=deleted", "/comments?limit=100"]


class Blog:
    """A blog that grows; every article has an author, a category, tags and a comment of its own."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._size = 0
        self._commented_id = 0
        self._shared = Tag(slug="shared", name="Shared")
        self._root = Category(slug="shared", name="Shared")

    async def grow(self, size: int) -> None:
        self._session.add_all([self._shared, self._root])
        await self._session.flush()
        for number in range(self._size, size):
            await self._add(number)
        self._size = size
        await self._session.commit()

    async def _add(self, number: int) -> None:
        name = f"author-{number}"
        author = User(
            username=name, email=f"{name}@example.com", display_name=name, role=Role.AUTHOR, hashed_password="!"
        )
        category = Category(slug=f"category-{number}", name=f"Category {number}", parent_id=self._root.id)
        tags = [self._shared, Tag(slug=f"tag-{number}", name=f"Tag {number}")]
        self._session.add_all([author, category, *tags])
        await self._session.flush()
        for kind in ("article", "draft", "deleted"):
            article = Article(
                slug=f"{kind}-{number}",
                title=f"{kind} {number}",
                body_markdown="A body",
                body_html="<p>A body</p>",
                derived_excerpt="A body",
                word_count=2,
                reading_minutes=1,
                status=ArticleStatus.DRAFT if kind == "draft" else ArticleStatus.PUBLISHED,
                published_at=clock.now(),
                deleted_at=clock.now() if kind == "deleted" else None,
                author_id=author.id,
                category_id=category.id,
                tags=tags,
            )
            self._session.add(article)
            await self._session.flush()
            if kind == "article":
                self._commented_id = self._commented_id if number else article.id
        comment = Comment(article_id=self._commented_id, author_id=author.id, body_markdown="x", body_html="<p>x</p>")
        self._session.add(comment)
        await self._session.flush()
        comment.place_below(None)


async def ask(app: FastAPI, client: httpx.AsyncClient, path: str) -> tuple[int, list[str]]:
    """How many items a list has, and the queries that it takes."""
    with recorded_statements(app.state.database) as statements:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    found = response.json()
    return len(found["items"] if "items" in found else found[0]["children"]), statements


@pytest.fixture
def blog(session: AsyncSession) -> Blog:
    return Blog(session)


async def test_a_list_takes_the_same_queries_however_long_it_is(app: FastAPI, users: Users, blog: Blog) -> None:
    roles = {role: await users.client(role) for role in (None, Role.READER, Role.EDITOR, Role.ADMIN)}
    lists = [(role, path) for role in (None, Role.READER, Role.EDITOR) for path in PUBLIC_LISTS]
    lists += [*((Role.EDITOR, path) for path in EDITORS_LISTS), (Role.ADMIN, "/users?limit=100")]
    await blog.grow(FEW)
    few = {asked: await ask(app, roles[asked[0]], asked[1]) for asked in lists}
    await blog.grow(MANY)

    for role, path in lists:
        items, queries = await ask(app, roles[role], path)
        items_of_few, queries_for_few = few[role, path]
        assert items_of_few >= FEW, path
        assert items == items_of_few + MANY - FEW, path
        assert len(queries) == len(queries_for_few), path
        assert 1 <= len(queries) <= MAX_QUERIES, queries
        if path in PUBLIC_LISTS:
            # One more finds out who asks.
            assert len(queries) == PUBLIC_LISTS[path] + (role is not None and path not in THE_SAME_FOR_ALL), path


@pytest.mark.parametrize(("role", "queries"), [(None, 1), (Role.READER, 2), (Role.EDITOR, 2)])
async def test_an_article_takes_one_query_with_its_tags(
    app: FastAPI, users: Users, author: httpx.AsyncClient, role: Role | None, queries: int
) -> None:
    await publish(author, tags=[f"tag {number}" for number in range(20)])
    client = await users.client(role)

    with recorded_statements(app.state.database) as statements:
        response = await client.get("/articles/an-article")

    assert len(response.json()["tags"]) == 20
    assert len(statements) == queries, statements


async def test_lists_do_not_fetch_bodies(app: FastAPI, author: httpx.AsyncClient) -> None:
    await publish(author)

    with recorded_statements(app.state.database) as statements:
        await author.get("/articles")

    assert statements
    assert not any("body_" in statement for statement in statements)
