"""One comment by itself: shown to whoever may read its article, and changed only as it was seen."""

import httpx

from tests.support.problems import problem_in
from tests.support.writing import comment, publish


async def test_a_comment_is_shown_with_a_tag_that_guards_it(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author)
    written = await comment(author, "an-article", "First")
    path = f"/comments/{written['id']}"

    shown = await anonymous.get(path)
    assert shown.json() == written
    # What an account gets has the same tag, in whatever encoding.
    assert (await author.get(path)).headers["ETag"].partition("-")[0].strip('"') in shown.headers["ETag"]

    tag = (await author.get(path)).headers["ETag"]
    edited = await author.patch(path, json={"body_markdown": "Second"}, headers={"If-Match": tag})
    assert edited.headers["ETag"] == (await author.get(path)).headers["ETag"] != tag
    stale = await author.patch(path, json={"body_markdown": "Third"}, headers={"If-Match": tag})
    problem_in(stale, 412, "precondition_failed")
    assert (await anonymous.get(path)).json()["body_markdown"] == "Second"


async def test_a_comment_goes_with_what_it_is_about(
    author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author)
    written = await comment(reader, "an-article")
    path = f"/comments/{written['id']}"
    assert (await anonymous.get(path)).status_code == 200

    await author.patch("/articles/an-article", json={"visibility": "members"})
    problem_in(await anonymous.get(path), 404, "comment_not_found")
    assert (await reader.get(path)).status_code == 200

    await author.delete("/articles/an-article/publication")
    problem_in(await reader.get(path), 404, "comment_not_found")
    assert (await author.get(path)).status_code == 200

    await author.delete(path)
    problem_in(await author.get(path), 404, "comment_not_found")
