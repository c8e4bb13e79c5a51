"""Writing, changing and listing comments."""

import httpx
import pytest

from app.core.roles import Role
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read, walk

COMMENTS = "/articles/an-article/comments"


@pytest.fixture(autouse=True)
async def _an_article(author: httpx.AsyncClient) -> None:
    await publish(author)


async def test_a_comment_is_there_for_everybody(users: Users, anonymous: httpx.AsyncClient) -> None:
    anna = await users.client(Role.READER, username="anna", avatar_url="https://example.com/a.png")

    written = await comment(anna, "an-article", "  *Well* said  ")

    assert written["body_markdown"] == "*Well* said"
    assert written["body_html"] == "<p><em>Well</em> said</p>"
    assert written["author"] == {
        "username": "anna",
        "display_name": "Anna",
        "avatar_url": "https://example.com/a.png",
    }
    assert (written["parent_id"], written["depth"], written["is_deleted"], written["edited_at"]) == (
        None,
        0,
        False,
        None,
    )
    assert (await read(anonymous, COMMENTS))["items"] == [written]


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001, None, 1, "a\x00b"])
async def test_a_text_that_cannot_be_stored_is_refused(reader: httpx.AsyncClient, text: object) -> None:
    written = await comment(reader, "an-article")

    for response in (
        await reader.post(COMMENTS, json={"body_markdown": text}),
        await reader.patch(f"/comments/{written['id']}", json={"body_markdown": text}),
    ):
        assert fields_of(problem_in(response, 422, "validation_error")) == ["body_markdown"]


@pytest.mark.parametrize("text", ["&nbsp;", "[](https://example.com)", "&#8203;"])
async def test_a_text_of_which_nothing_would_be_seen_is_refused(reader: httpx.AsyncClient, text: str) -> None:
    written = await comment(reader, "an-article")

    for response in (
        await reader.post(COMMENTS, json={"body_markdown": text}),
        await reader.patch(f"/comments/{written['id']}", json={"body_markdown": text}),
    ):
        assert fields_of(problem_in(response, 422, "empty_comment")) == ["body_markdown"]
    assert (await read(reader, "/articles/an-article"))["comment_count"] == 1


@pytest.mark.parametrize("parent_id", [0, -1, 2**63, "x", 1.5])
async def test_a_parent_that_cannot_be_is_refused(reader: httpx.AsyncClient, parent_id: object) -> None:
    response = await reader.post(COMMENTS, json={"body_markdown": "Hi", "parent_id": parent_id})

    assert fields_of(problem_in(response, 422, "validation_error")) == ["parent_id"]


async def test_anonymous_clients_and_the_unverified_do_not_comment(users: Users, anonymous: httpx.AsyncClient) -> None:
    unverified = await users.client(Role.READER, is_verified=False)

    problem_in(await anonymous.post(COMMENTS, json={"body_markdown": "Hi"}), 401, "not_authenticated")
    problem_in(await unverified.post(COMMENTS, json={"body_markdown": "Hi"}), 403, "email_not_verified")


async def test_a_comment_is_changed_by_its_writer(reader: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    before = await comment(reader, "an-article")

    response = await reader.patch(f"/comments/{before['id']}", json={"body_markdown": "On second thought"})

    after = response.json()
    assert response.status_code == 200
    assert {name for name in after if after[name] != before[name]} == {"body_markdown", "body_html", "edited_at"}
    assert after["edited_at"] > before["created_at"]
    assert (await read(anonymous, COMMENTS))["items"] == [after]


async def test_nobody_else_changes_it(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    path = f"/comments/{(await comment(reader, 'an-article'))['id']}"

    problem_in(await author.patch(path, json={"body_markdown": "x"}), 403, "forbidden")
    problem_in(await editor.patch(path, json={"body_markdown": "x"}), 403, "forbidden")
    problem_in(await anonymous.patch(path, json={"body_markdown": "x"}), 401, "not_authenticated")


async def test_a_comment_is_deleted_by_its_writer_the_articles_author_and_editors(
    users: Users, author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    for client in (reader, author, editor):
        path = f"/comments/{(await comment(reader, 'an-article'))['id']}"
        problem_in(await (await users.client(Role.AUTHOR)).delete(path), 403, "forbidden")
        problem_in(await (await users.client(Role.READER)).delete(path), 403, "forbidden")

        assert (await client.delete(path)).status_code == 204
    assert (await read(author, COMMENTS))["items"] == []


async def test_what_was_deleted_is_neither_changed_nor_deleted_again(reader: httpx.AsyncClient) -> None:
    path = f"/comments/{(await comment(reader, 'an-article'))['id']}"
    await reader.delete(path)

    problem_in(await reader.patch(path, json={"body_markdown": "x"}), 404, "comment_not_found")
    problem_in(await reader.delete(path), 404, "comment_not_found")
    assert (await read(reader, "/articles/an-article"))["comment_count"] == 0


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63), "1.5"])
async def test_what_is_no_id_is_refused(reader: httpx.AsyncClient, number: str) -> None:
    problem_in(await reader.delete(f"/comments/{number}"), 422, "validation_error")


async def test_a_comment_that_never_was_is_not_found(editor: httpx.AsyncClient) -> None:
    path = f"/comments/{2**63 - 1}"

    problem_in(await editor.delete(path), 404, "comment_not_found")
    problem_in(await editor.patch(path, json={"body_markdown": "x"}), 404, "comment_not_found")
    problem_in(await editor.put(f"{path}/restoration"), 404, "comment_not_found")


async def test_editors_restore_a_comment(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    written = await comment(reader, "an-article")
    path = f"/comments/{written['id']}"
    await reader.delete(path)

    problem_in(await author.put(f"{path}/restoration"), 403, "forbidden")
    problem_in(await reader.put(f"{path}/restoration"), 403, "forbidden")
    assert (await editor.put(f"{path}/restoration")).json() == written
    assert (await read(reader, COMMENTS))["items"] == [written]


async def test_comments_are_counted_rightly_whatever_happens(
    editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    async def count() -> tuple[int, int]:
        shown = [item for item in await walk(reader, COMMENTS) if not item["is_deleted"]]
        return (await read(reader, "/articles/an-article"))["comment_count"], len(shown)

    one = await comment(reader, "an-article")
    two = await comment(reader, "an-article", parent=one)
    assert await count() == (2, 2)
    await reader.delete(f"/comments/{one['id']}")
    assert await count() == (1, 1)
    await reader.delete(f"/comments/{two['id']}")
    assert await count() == (0, 0)
    for _ in range(2):
        await editor.put(f"/comments/{two['id']}/restoration")
        assert await count() == (1, 1)
    await reader.patch(f"/comments/{two['id']}", json={"body_markdown": "Edited"})
    assert await count() == (1, 1)


async def test_a_comment_is_no_change_of_the_article(reader: httpx.AsyncClient) -> None:
    before = (await read(reader, "/articles/an-article"))["updated_at"]

    await reader.delete(f"/comments/{(await comment(reader, 'an-article'))['id']}")

    assert (await read(reader, "/articles/an-article"))["updated_at"] == before


async def test_editors_see_the_comments_of_the_whole_blog(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await publish(author, "Another")
    first = await comment(reader, "an-article", "First")
    second = await comment(author, "another", "Second", parent=None)
    third = await comment(reader, "another", "Third", parent=second)
    await reader.delete(f"/comments/{first['id']}")

    whole = await walk(editor, "/comments", limit=1)

    assert names(whole, "body_markdown") == ["Third", "Second", "First"]
    assert names(whole, "article_slug") == ["another", "another", "an-article"]
    assert (whole[0]["parent_id"], whole[0]["author"]) == (second["id"], third["author"])
    assert [item["deleted_at"] is None for item in whole] == [True, True, False]
    assert names(await walk(editor, "/comments", deleted=True), "body_markdown") == ["First"]
    assert names(await walk(editor, "/comments", deleted=False), "body_markdown") == ["Third", "Second"]


async def test_comments_of_an_article_that_was_deleted_are_gone_with_it(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await publish(author, "Another")
    written = await comment(reader, "another", "First")
    await author.delete("/articles/another")

    assert await walk(editor, "/comments") == []
    problem_in(await editor.delete(f"/comments/{written['id']}"), 404, "comment_not_found")
    problem_in(await editor.put(f"/comments/{written['id']}/restoration"), 404, "comment_not_found")


async def test_only_editors_see_that_list(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    problem_in(await author.get("/comments"), 403, "forbidden")
    problem_in(await anonymous.get("/comments"), 401, "not_authenticated")
