"""Tags: counted, renamed, merged and deleted."""

import httpx
import pytest

from tests.support.permalinks import leads
from tests.support.problems import fields_of, problem_in
from tests.support.writing import names, publish, read, walk, write


async def counts(client: httpx.AsyncClient) -> dict[str, int]:
    return {tag["slug"]: tag["article_count"] for tag in await walk(client, "/tags", limit=2)}


async def tags_of(client: httpx.AsyncClient, slug: str) -> list[str]:
    return names((await read(client, f"/articles/{slug}"))["tags"])


async def test_tags_are_listed_with_the_number_of_their_articles(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "One", tags=["Red", "Blue"])
    await publish(author, "Two", tags=["Red"])
    await write(author, "A draft", tags=["Red", "Green"])
    await publish(author, "Deleted", tags=["Red", "Yellow"])
    await author.delete("/articles/deleted")

    assert await walk(anonymous, "/tags") == [
        {"slug": "blue", "name": "Blue", "article_count": 1},
        {"slug": "red", "name": "Red", "article_count": 2},
    ]
    assert await read(anonymous, "/tags/red") == {"slug": "red", "name": "Red", "article_count": 2}
    assert await walk(author, "/tags") == await walk(anonymous, "/tags")


async def test_editors_see_unused_tags_too(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await write(author, tags=["planned"])

    assert await counts(editor) == {"planned": 0}
    assert await counts(anonymous) == {}
    assert (await read(editor, "/tags/planned"))["article_count"] == 0
    problem_in(await author.get("/tags/planned"), 404, "tag_not_found")


async def test_pages_of_tags_show_each_once_and_in_order(author: httpx.AsyncClient) -> None:
    slugs = ["a-b", "a-c", "a1", "ab", "b", "b-2", "b2"]
    await publish(author, tags=list(reversed(slugs)))

    for limit in (1, 2, 3, 100):
        assert names(await walk(author, "/tags", limit=limit)) == slugs
    assert await tags_of(author, "an-article") == slugs


async def test_a_renamed_tag_is_renamed_everywhere(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author, tags=["old name", "other"])

    response = await editor.patch("/tags/old-name", json={"name": "New Name"})

    assert response.json() == {"slug": "new-name", "name": "New Name", "article_count": 1}
    assert await tags_of(author, "an-article") == ["new-name", "other"]
    await leads(author, "/tags/old-name", "/tags/new-name")


async def test_a_tag_may_change_its_case_only_or_have_a_slug_of_its_own(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author, tags=["c"])

    assert (await editor.patch("/tags/c", json={"name": "C"})).json()["slug"] == "c"
    assert (await editor.patch("/tags/c", json={"name": "C++", "slug": "cpp"})).json()["slug"] == "cpp"
    assert await tags_of(author, "an-article") == ["cpp"]


async def test_a_tag_with_a_slug_of_its_own_is_found_by_its_name(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author, tags=["c"])
    await editor.patch("/tags/c", json={"name": "C++", "slug": "cpp"})

    assert (await author.patch("/articles/an-article", json={"tags": ["C++"]})).status_code == 200

    assert await tags_of(author, "an-article") == ["cpp"]


async def test_a_name_that_another_tag_has_is_refused(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author, tags=["one", "two"])

    for change in ({"name": "Two"}, {"name": "Anything", "slug": "two"}):
        problem_in(await editor.patch("/tags/one", json=change), 409, "tag_taken")
    assert await counts(author) == {"one": 1, "two": 1}


async def test_merged_tags_become_one(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    for title, tags in {"A": ["js"], "B": ["javascript"], "C": ["js", "javascript", "ecmascript"], "D": ["x"]}.items():
        await publish(author, title, tags=tags)

    response = await editor.post("/tags/javascript/merges", json={"tags": ["js", "ecmascript", "js"]})

    assert response.status_code == 200
    assert response.json() == {"slug": "javascript", "name": "javascript", "article_count": 3}
    assert await counts(editor) == {"javascript": 3, "x": 1}
    assert [await tags_of(author, slug) for slug in "abcd"] == [["javascript"]] * 3 + [["x"]]


async def test_a_tag_merged_into_itself_stays(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author, tags=["one", "two"])

    assert (await editor.post("/tags/one/merges", json={"tags": ["one"]})).status_code == 200
    assert await counts(author) == {"one": 1, "two": 1}


async def test_merging_a_tag_that_is_not_there_changes_nothing(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await publish(author, tags=["one", "two"])

    response = await editor.post("/tags/one/merges", json={"tags": ["two", "nowhere"]})

    assert fields_of(problem_in(response, 404, "tag_not_found")) == ["tags"]
    assert await counts(author) == {"one": 1, "two": 1}


@pytest.mark.parametrize("tags", [[], ["x"] * 101, None, "one"])
async def test_tags_to_merge_have_to_be_named(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, tags: object
) -> None:
    await publish(author, tags=["one"])

    problem_in(await editor.post("/tags/one/merges", json={"tags": tags}), 422, "validation_error")


async def test_a_deleted_tag_is_off_all_articles(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    before = await publish(author, tags=["one", "two"])

    assert (await editor.delete("/tags/one")).status_code == 204

    after = await read(author, "/articles/an-article")
    assert names(after["tags"]) == ["two"]
    assert after["updated_at"] == before["updated_at"]
    assert await counts(editor) == {"two": 1}


async def test_what_is_not_there_is_not_found(editor: httpx.AsyncClient) -> None:
    problem_in(await editor.get("/tags/nowhere"), 404, "tag_not_found")
    problem_in(await editor.patch("/tags/nowhere", json={"name": "x"}), 404, "tag_not_found")
    problem_in(await editor.delete("/tags/nowhere"), 404, "tag_not_found")
    problem_in(await editor.post("/tags/nowhere/merges", json={"tags": ["x"]}), 404, "tag_not_found")


async def test_only_editors_change_tags(author: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await publish(author, tags=["one", "two"])

    for method, path, body in (
        ("PATCH", "/tags/one", {"name": "x"}),
        ("DELETE", "/tags/one", None),
        ("POST", "/tags/one/merges", {"tags": ["two"]}),
    ):
        problem_in(await author.request(method, path, json=body), 403, "forbidden")
        problem_in(await anonymous.request(method, path, json=body), 401, "not_authenticated")
    assert await counts(anonymous) == {"one": 1, "two": 1}
