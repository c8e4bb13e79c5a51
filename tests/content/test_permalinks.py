"""Whatever slug an article had in public leads to it, and tells nobody more than they may know."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.container import Services
from app.content.models import Article, ArticleSlug
from app.core.client import COMMAND_LINE
from app.core.roles import Role
from app.unit_of_work import unit_of_work
from tests.support.permalinks import is_gone, leads
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import comment, publish, read, write


async def rename(client: httpx.AsyncClient, old: str, new: str) -> None:
    response = await client.patch(f"/articles/{old}", json={"slug": new})
    assert response.status_code == 200, response.text


async def is_unknown(client: httpx.AsyncClient, slug: str) -> None:
    problem_in(await client.get(f"/articles/{slug}"), 404, "article_not_found")
    assert (await client.head(f"/articles/{slug}")).status_code == 404


async def test_fifty_renames_lead_to_the_last_slug(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await publish(author, slug="name-0")
    for number in range(50):
        await rename(author, f"name-{number}", f"name-{number + 1}")

    for number in range(50):
        await leads(anonymous, f"/articles/name-{number}", "/articles/name-50")
    assert (await read(anonymous, "/articles/name-50"))["slug"] == "name-50"


async def test_a_slug_that_is_taken_back_works_again(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await publish(author, slug="a")
    for _ in range(3):
        await rename(author, "a", "b")
        await leads(anonymous, "/articles/a", "/articles/b")
        await rename(author, "b", "a")
        await leads(anonymous, "/articles/b", "/articles/a")
        await read(anonymous, "/articles/a")


async def test_everything_below_moves_and_queries_are_kept(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, slug="old")
    await comment(author, "old")
    await rename(author, "old", "new")

    query = "limit=1&utm=%C3%A9+%2F&limit=1"
    await leads(anonymous, "/articles/old?from=feed&x=%0d%0a", "/articles/new?from=feed&x=%0d%0a")
    await leads(author, f"/articles/old?{query}", f"/articles/new?{query}")
    await leads(anonymous, "/articles/old/comments?limit=1", "/articles/new/comments?limit=1")
    await leads(author, "/articles/old/revisions", "/articles/new/revisions")
    await leads(author, "/articles/old/revisions/1", "/articles/new/revisions/1")
    await author.patch("/articles/new/draft", json={"title": "Another"})
    await leads(author, "/articles/old/draft", "/articles/new/draft")


async def test_only_what_is_read_is_redirected(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, slug="old")
    await rename(author, "old", "new")

    for client in (author, editor):
        for method, path, body in (
            ("PATCH", "", {"title": "Other"}),
            ("PATCH", "/draft", {"title": "Other"}),
            ("DELETE", "/draft", None),
            ("PUT", "/publication", None),
            ("DELETE", "/publication", None),
            ("PUT", "/revisions/1/restoration", None),
            ("PATCH", "/revisions/1", {"name": "First"}),
            ("POST", "/comments", {"body_markdown": "Hello"}),
            ("DELETE", "", None),
        ):
            problem_in(await client.request(method, f"/articles/old{path}", json=body), 404, "article_not_found")
    whole = {"title": "Other", "body_markdown": ""}
    response = await author.put("/articles/old/draft", json=whole, headers={"If-Match": '"1.1-x"'})
    assert response.status_code in {404, 412}, response.text
    problem_in(await editor.put("/articles/old/restoration"), 404, "article_not_found")
    problem_in(await anonymous.get("/articles/old/draft"), 401, "not_authenticated")


async def test_the_answer_follows_each_rename_at_once(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await publish(author, slug="one")
    await read(anonymous, "/articles/one")
    await rename(author, "one", "two")
    await leads(anonymous, "/articles/one", "/articles/two")
    await rename(author, "two", "three")
    await leads(anonymous, "/articles/one", "/articles/three")
    await leads(anonymous, "/articles/two", "/articles/three")
    await rename(author, "three", "one")
    assert (await read(anonymous, "/articles/one"))["slug"] == "one"


async def test_a_draft_renamed_leaves_nothing(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await write(author, slug="old")
    await rename(author, "old", "new")

    for client in (author, editor):
        await is_unknown(client, "old")
    await write(author, slug="old")


async def test_the_slug_of_a_working_copy_is_reserved_and_secret(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, slug="live")
    await author.patch("/articles/live/draft", json={"slug": "planned"})

    problem_in(await editor.post("/articles", json={"title": "X", "slug": "planned"}), 409, "slug_taken")
    assert (await write(editor, "Planned"))["slug"] == "planned-2"
    for client in (author, editor, anonymous):
        await is_unknown(client, "planned")

    await author.put("/articles/live/publication")
    await leads(anonymous, "/articles/live", "/articles/planned")


@pytest.mark.parametrize("end", ["changed", "discarded"])
async def test_a_slug_that_a_working_copy_gives_up_is_free(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, end: str
) -> None:
    await publish(author, slug="live")
    await author.patch("/articles/live/draft", json={"slug": "planned"})
    if end == "changed":
        await author.patch("/articles/live/draft", json={"slug": "planned-better"})
    else:
        await author.delete("/articles/live/draft")

    assert (await write(editor, slug="planned"))["slug"] == "planned"
    await read(editor, "/articles/live")


async def test_a_working_copy_cannot_take_another_articles_slug(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, slug="mine")
    await write(editor, slug="theirs")

    problem_in(await author.patch("/articles/mine/draft", json={"slug": "theirs"}), 409, "slug_taken")
    # Nor of one that has no row of its own.
    await session.execute(delete(ArticleSlug))
    await session.commit()
    problem_in(await author.patch("/articles/mine/draft", json={"slug": "theirs"}), 409, "slug_taken")
    assert (await author.patch("/articles/mine", json={"slug": "mine-too"})).status_code == 200


async def test_links_lead_on_until_another_article_is_published_under_them(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient, users: Users
) -> None:
    other = await users.client(Role.AUTHOR)
    await publish(author, slug="old")
    await rename(author, "old", "new")

    draft = await write(other, slug="old")
    await leads(anonymous, "/articles/old", "/articles/new")
    await leads(author, "/articles/old", "/articles/new")
    # Who may see the draft finds that.
    for client in (other, editor):
        assert (await read(client, "/articles/old"))["id"] == draft["id"]
    # Its own slug is still reserved for it.
    problem_in(await author.patch("/articles/new", json={"slug": "old"}), 409, "slug_taken")

    await other.put("/articles/old/publication")
    assert (await read(anonymous, "/articles/old"))["id"] == draft["id"]
    await rename(other, "old", "other")
    await leads(anonymous, "/articles/old", "/articles/other")


async def test_a_draft_that_is_not_published_gives_a_link_back(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, slug="old")
    await rename(author, "old", "new")
    await write(author, slug="old")
    await author.delete("/articles/old")

    await leads(anonymous, "/articles/old", "/articles/new")


async def test_a_derived_slug_takes_no_link_from_another_article(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "Weekly notes")
    await rename(author, "weekly-notes", "weekly-notes-of-may")

    assert (await publish(author, "Weekly notes"))["slug"] == "weekly-notes-2"
    await leads(anonymous, "/articles/weekly-notes", "/articles/weekly-notes-of-may")


async def test_who_may_not_see_an_article_learns_nothing_of_its_slugs(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, reader: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author, slug="old")
    await rename(author, "old", "new")
    await author.delete("/articles/new/publication")

    for client in (anonymous, reader):
        await is_unknown(client, "old")
        await is_unknown(client, "new")
    for client in (author, editor):
        await leads(client, "/articles/old", "/articles/new")
    # As a draft it is renamed, without leaving anything.
    await rename(author, "new", "newer")
    await author.put("/articles/newer/publication")
    for former in ("old", "new"):
        await leads(anonymous, f"/articles/{former}", "/articles/newer")


async def test_a_working_copys_slug_takes_the_place_of_an_unpublished_one(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, slug="seen")
    await author.patch("/articles/seen/draft", json={"slug": "unseen"})
    await author.delete("/articles/seen/publication")

    await leads(author, "/articles/seen", "/articles/unseen")
    for slug in ("seen", "unseen"):
        await is_unknown(anonymous, slug)
    await author.delete("/articles/unseen")
    await is_gone(anonymous, "/articles/seen")
    await is_unknown(anonymous, "unseen")


async def test_what_was_public_and_is_deleted_is_gone(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author, slug="old")
    await rename(author, "old", "new")
    await author.delete("/articles/new")

    for client in (anonymous, author, editor):
        for slug in ("old", "new"):
            await is_gone(client, f"/articles/{slug}")
            await is_gone(client, f"/articles/{slug}/comments")
    problem_in(await anonymous.post("/articles", json={"title": "X", "slug": "new"}), 401, "not_authenticated")
    problem_in(await author.post("/articles", json={"title": "X", "slug": "new"}), 409, "slug_taken")

    assert (await editor.put("/articles/new/restoration")).status_code == 200
    await leads(anonymous, "/articles/old", "/articles/new")


async def test_a_deleted_draft_is_unknown(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await write(author, slug="secret")
    await author.delete("/articles/secret")

    for client in (author, editor):
        await is_unknown(client, "secret")


async def test_what_only_members_saw_is_unknown_to_others(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, slug="members", visibility="members")
    await author.delete("/articles/members")

    await is_unknown(anonymous, "members")
    assert not await session.scalar(select(ArticleSlug.was_public))


@pytest.mark.parametrize("is_published", [True, False])
async def test_slugs_that_were_public_outlive_their_author(
    app: FastAPI, users: Users, anonymous: httpx.AsyncClient, session: AsyncSession, is_published: bool
) -> None:
    user = await users.user(Role.AUTHOR)
    author = await users.client_for(user)
    await (publish if is_published else write)(author, slug="theirs")
    await author.patch("/articles/theirs/draft", json={"slug": "anna-has-moved"})
    async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
        await Services(unit).accounts.admin_users.delete(user.id, remove_articles=True)

    await (is_gone(anonymous, "/articles/theirs") if is_published else is_unknown(anonymous, "theirs"))
    await is_unknown(anonymous, "anna-has-moved")
    kept = (await session.scalars(select(ArticleSlug.slug))).all()
    assert kept == (["theirs"] if is_published else [])
    assert (await write(await users.client(Role.AUTHOR), slug="theirs"))["slug"] == "theirs"


async def test_an_article_without_a_row_of_its_own_leaves_links_too(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, slug="bulky")
    await session.execute(delete(ArticleSlug))
    await session.commit()
    assert await session.scalar(select(Article.id)) is not None

    problem_in(await author.post("/articles", json={"title": "X", "slug": "bulky"}), 409, "slug_taken")
    await rename(author, "bulky", "slim")
    await leads(anonymous, "/articles/bulky", "/articles/slim")


async def test_a_slug_that_its_holder_has_not_is_free(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, slug="mine")
    await write(author, slug="other")
    await session.execute(text("UPDATE articles SET slug = 'elsewhere' WHERE slug = 'mine'"))
    await session.commit()

    await leads(anonymous, "/articles/mine", "/articles/elsewhere")
    await rename(author, "other", "mine")
    await author.put("/articles/mine/publication")
    assert (await read(anonymous, "/articles/mine"))["slug"] == "mine"


async def test_a_save_that_changes_no_slug_leaves_the_rows_alone(
    author: httpx.AsyncClient, session: AsyncSession
) -> None:
    await publish(author, slug="one")
    await author.patch("/articles/one", json={"title": "Two"})
    await author.patch("/articles/one/draft", json={"title": "Three"})

    rows = (await session.execute(text("SELECT slug, held_by = leads_to, was_public FROM article_slugs"))).all()
    assert [tuple(row) for row in rows] == [("one", True, True)]
