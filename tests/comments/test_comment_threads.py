"""Answers to comments, and what is left of those that were deleted."""

from typing import Any

import httpx
import pytest

from app.core.roles import Role
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users
from tests.support.writing import comment, names, publish, read, walk

COMMENTS = "/articles/an-article/comments"
DEEPEST = 5


@pytest.fixture(autouse=True)
async def _an_article(author: httpx.AsyncClient) -> None:
    await publish(author)


async def thread(client: httpx.AsyncClient, *texts: str) -> list[Any]:
    """Comments of which each answers the one before."""
    written: list[Any] = []
    for text in texts:
        written.append(await comment(client, "an-article", text, written[-1] if written else None))
    return written


async def delete(client: httpx.AsyncClient, item: Any) -> None:
    assert (await client.delete(f"/comments/{item['id']}")).status_code == 204


async def test_each_comment_is_followed_by_its_answers(reader: httpx.AsyncClient) -> None:
    a = await comment(reader, "an-article", "A")
    b = await comment(reader, "an-article", "B")
    b1 = await comment(reader, "an-article", "B1", b)
    a1 = await comment(reader, "an-article", "A1", a)
    await comment(reader, "an-article", "A2", a)
    await comment(reader, "an-article", "C")
    await comment(reader, "an-article", "A1a", a1)
    await comment(reader, "an-article", "B1a", b1)

    whole = await walk(reader, COMMENTS)

    assert names(whole, "body_markdown") == ["A", "A1", "A1a", "A2", "B", "B1", "B1a", "C"]
    assert names(whole, "depth") == [0, 1, 2, 1, 0, 1, 2, 0]
    assert [item["parent_id"] for item in whole][:3] == [None, a["id"], a1["id"]]
    for limit in (1, 2, 3):
        assert await walk(reader, COMMENTS, limit=limit) == whole


async def test_more_than_ten_answers_stay_in_order(users: Users, reader: httpx.AsyncClient) -> None:
    [root] = await thread(reader, "Root")
    # By two, for nobody writes more than ten a minute.
    other = await users.client(Role.READER)
    for number in range(11):
        await comment(reader if number % 2 else other, "an-article", str(number), root)

    assert names(await walk(reader, COMMENTS, limit=5), "body_markdown") == ["Root", *map(str, range(11))]


async def test_threads_end_at_a_depth(reader: httpx.AsyncClient) -> None:
    *_, deepest = await thread(reader, *"ABCDEF")
    assert deepest["depth"] == DEEPEST

    response = await reader.post(COMMENTS, json={"body_markdown": "Too deep", "parent_id": deepest["id"]})

    assert fields_of(problem_in(response, 409, "thread_too_deep")) == ["parent_id"]
    assert (await read(reader, "/articles/an-article"))["comment_count"] == DEEPEST + 1


async def test_the_deepest_answer_can_be_deleted_and_read_past(reader: httpx.AsyncClient) -> None:
    *_, deepest = await thread(reader, *"ABCDEF")
    await comment(reader, "an-article", "After")

    await delete(reader, deepest)

    assert names(await walk(reader, COMMENTS, limit=2), "body_markdown") == [*"ABCDE", "After"]


async def test_a_comment_of_another_article_cannot_be_answered(
    author: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await publish(author, "Another")
    [there] = [await comment(reader, "another")]

    for parent_id in (there["id"], there["id"] + 1000, 2**63 - 1):
        response = await reader.post(COMMENTS, json={"body_markdown": "x", "parent_id": parent_id})
        assert fields_of(problem_in(response, 409, "parent_not_found")) == ["parent_id"]
    assert (await read(reader, COMMENTS))["items"] == []


async def test_a_deleted_comment_cannot_be_answered(reader: httpx.AsyncClient) -> None:
    [gone] = await thread(reader, "Gone")
    await delete(reader, gone)

    response = await reader.post(COMMENTS, json={"body_markdown": "x", "parent_id": gone["id"]})

    problem_in(response, 409, "parent_not_found")


async def test_of_a_deleted_comment_with_answers_only_the_place_is_left(
    reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    root, response = await thread(reader, "Root", "Answer")
    await delete(reader, root)

    assert (await read(anonymous, COMMENTS))["items"] == [
        {**root, "is_deleted": True, "author": None, "body_markdown": None, "body_html": None},
        response,
    ]


async def test_nothing_is_left_of_a_deleted_comment_without_answers(reader: httpx.AsyncClient) -> None:
    root, response = await thread(reader, "Root", "Answer")
    await delete(reader, response)

    assert await walk(reader, COMMENTS) == [root]


async def test_a_deleted_answer_to_a_deleted_comment_takes_it_along(reader: httpx.AsyncClient) -> None:
    root, response = await thread(reader, "Root", "Answer")
    other = await comment(reader, "an-article", "Other")
    await delete(reader, root)
    await delete(reader, response)

    assert await walk(reader, COMMENTS) == [other]


async def test_places_are_kept_all_the_way_to_an_answer_that_stands(reader: httpx.AsyncClient) -> None:
    *parents, _ = await thread(reader, *"ABCD")
    await comment(reader, "an-article", "After")
    for parent in parents:
        await delete(reader, parent)

    whole = await walk(reader, COMMENTS, limit=1)

    assert names(whole, "body_markdown") == [None, None, None, "D", "After"]
    assert names(whole, "depth") == [0, 1, 2, 3, 0]


async def test_an_answer_elsewhere_does_not_keep_a_place(author: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    [root] = await thread(reader, "Root")
    await thread(reader, "Next", "Answer to the next")
    await publish(author, "Another")
    await comment(reader, "another", "Answer", await comment(reader, "another"))
    await delete(reader, root)

    assert names(await walk(reader, COMMENTS), "body_markdown") == ["Next", "Answer to the next"]


async def test_a_restored_answer_brings_the_place_above_back(
    editor: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    root, response = await thread(reader, "Root", "Answer")
    await delete(reader, root)
    await delete(reader, response)

    assert (await editor.put(f"/comments/{response['id']}/restoration")).json() == response
    assert names(await walk(reader, COMMENTS), "body_markdown") == [None, "Answer"]


async def test_a_cursor_outlives_the_comment_it_points_to(reader: httpx.AsyncClient) -> None:
    written = [await comment(reader, "an-article", text) for text in "ABC"]
    first = await read(reader, COMMENTS, limit=1)
    await delete(reader, written[0])

    assert await walk(reader, COMMENTS, cursor=first["next_cursor"]) == written[1:]
