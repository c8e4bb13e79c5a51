"""What is not published does not exist for those who may not see it."""

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.comments.models import Comment
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read, write


@pytest.fixture
async def outsiders(users: Users) -> list[httpx.AsyncClient]:
    """An anonymous reader, one who is logged in, and another author."""
    return [await users.client(role) for role in (None, Role.READER, Role.AUTHOR)]


@pytest.fixture(params=["draft", "unpublished", "deleted", "deleted draft"])
def state(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def hidden(state: str, author: httpx.AsyncClient, editor: httpx.AsyncClient) -> str:
    """The slug of an article that is not there for outsiders, with a tag, a category and a comment."""
    await editor.post("/categories", json={"name": "Plans"})
    slug = "secret-plan"
    await write(author, "Secret plan", tags=["secret"], category="plans")
    await comment(author, slug, "Not for you.")
    if state in {"unpublished", "deleted"}:
        await author.put(f"/articles/{slug}/publication")
    if state == "unpublished":
        await author.delete(f"/articles/{slug}/publication")
    if state in {"deleted", "deleted draft"}:
        await author.delete(f"/articles/{slug}")
    return slug


async def test_it_cannot_be_read(outsiders: list[httpx.AsyncClient], state: str, hidden: str) -> None:
    expected = (410, "gone") if state == "deleted" else (404, "article_not_found")
    for outsider in outsiders:
        problem_in(await outsider.get(f"/articles/{hidden}"), *expected)
        problem_in(await outsider.get(f"/articles/{hidden}/comments"), *expected)


async def test_no_list_has_it(outsiders: list[httpx.AsyncClient], hidden: str) -> None:
    assert hidden
    for outsider in outsiders:
        for params in ({}, {"tag": "secret"}, {"category": "plans"}, {"sort": "title"}, {"sort": "most_commented"}):
            assert (await read(outsider, "/articles", **params))["items"] == []
        assert (await read(outsider, "/tags"))["items"] == []
        assert (await read(outsider, "/authors"))["items"] == []


async def test_no_count_has_it(outsiders: list[httpx.AsyncClient], author: httpx.AsyncClient, hidden: str) -> None:
    await publish(author, "Open plan", tags=["secret"], category="plans")

    assert hidden
    for outsider in outsiders:
        [writer] = (await read(outsider, "/authors"))["items"]
        assert (await read(outsider, "/tags"))["items"] == [{"slug": "secret", "name": "secret", "article_count": 1}]
        assert (await read(outsider, "/tags/secret"))["article_count"] == 1
        assert (await read(outsider, "/categories"))[0]["article_count"] == 1
        assert (await read(outsider, "/categories/plans"))["article_count"] == 1
        assert writer["article_count"] == 1
        assert (await read(outsider, f"/authors/{writer['username']}"))["article_count"] == 1


async def test_its_tag_and_its_author_are_not_found(
    outsiders: list[httpx.AsyncClient], author: httpx.AsyncClient, hidden: str
) -> None:
    assert hidden
    me = await read(author, "/users/me")

    for outsider in outsiders:
        problem_in(await outsider.get("/tags/secret"), 404, "tag_not_found")
        problem_in(await outsider.get(f"/authors/{me['username']}"), 404, "author_not_found")


async def test_it_cannot_be_changed_or_commented(users: Users, hidden: str) -> None:
    another = await users.client(Role.AUTHOR)

    for response in (
        await another.patch(f"/articles/{hidden}", json={"title": "Mine"}),
        await another.delete(f"/articles/{hidden}"),
        await another.put(f"/articles/{hidden}/publication"),
        await another.delete(f"/articles/{hidden}/publication"),
        await another.post(f"/articles/{hidden}/comments", json={"body_markdown": "Hi"}),
    ):
        problem_in(response, 404, "article_not_found")


async def test_its_comments_cannot_be_changed(users: Users, session: AsyncSession, hidden: str) -> None:
    assert hidden
    another = await users.client(Role.AUTHOR)
    written = await session.scalar(select(Comment.id))

    response = await another.patch(f"/comments/{written}", json={"body_markdown": "Mine"})
    problem_in(response, 404, "comment_not_found")
    problem_in(await another.delete(f"/comments/{written}"), 404, "comment_not_found")


async def test_drafts_are_listed_for_their_author_and_for_editors(
    users: Users, author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await write(author, "Mine")
    await write(editor, "The editor's")
    await publish(author, "Published")
    another = await users.client(Role.AUTHOR)

    assert names((await read(author, "/articles", status="draft"))["items"]) == ["mine"]
    assert names((await read(editor, "/articles", status="draft"))["items"]) == ["the-editor-s", "mine"]
    assert (await read(another, "/articles", status="draft"))["items"] == []
    problem_in(await anonymous.get("/articles", params={"status": "draft"}), 401, "not_authenticated")


async def test_deleted_articles_are_listed_for_editors_only(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "Gone")
    await author.delete("/articles/gone")

    assert names((await read(editor, "/articles", status="deleted"))["items"]) == ["gone"]
    problem_in(await author.get("/articles", params={"status": "deleted"}), 403, "forbidden")
    problem_in(await anonymous.get("/articles", params={"status": "deleted"}), 401, "not_authenticated")
