"""Categories: a tree that editors look after."""

from operator import itemgetter
from typing import Any

import httpx
import pytest

from tests.support.permalinks import leads
from tests.support.problems import fields_of, problem_in
from tests.support.writing import publish, read, write


async def plant(editor: httpx.AsyncClient, *names: str, below: str | None = None) -> None:
    """Categories of which each is below the one before."""
    for name in names:
        response = await editor.post("/categories", json={"name": name, "parent": below})
        assert response.status_code == 201, response.text
        below = response.json()["slug"]


def shape(tree: list[Any]) -> dict[str, Any]:
    return {node["slug"]: shape(node["children"]) for node in tree}


async def shape_of(client: httpx.AsyncClient) -> dict[str, Any]:
    return shape(await read(client, "/categories"))


async def test_a_category_is_made(editor: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    await plant(editor, "World")
    sent = {"name": " Größe ", "description": "What is large.", "parent": "world"}

    response = await editor.post("/categories", json=sent)

    expected = {"slug": "grosse", "name": "Größe", "description": "What is large.", "parent": "world"}
    assert response.status_code == 201
    assert response.json() == {**expected, "article_count": 0}
    assert await read(anonymous, "/categories/grosse") == response.json()


async def test_the_tree_is_sorted_by_name_without_case_and_accents(editor: httpx.AsyncClient) -> None:
    for name in ("zebra", "Éclair", "apple", "Banana", "10"):
        await plant(editor, name)
    await plant(editor, "b", below="banana")
    await plant(editor, "Á", "deep", below="banana")

    tree = await shape_of(editor)

    assert list(tree) == ["10", "apple", "banana", "eclair", "zebra"]
    assert list(tree["banana"]) == ["a", "b"]
    assert tree["banana"]["a"] == {"deep": {}}


async def test_articles_are_counted_here_and_below(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await plant(editor, "World", "Europe", "France")
    for category in ("world", "europe", "europe", "france"):
        await publish(author, category=category)
    await write(author, category="france")

    [world] = await read(anonymous, "/categories")

    assert world["article_count"] == 4
    assert world["children"][0]["article_count"] == 3
    assert world["children"][0]["children"][0]["article_count"] == 1
    assert (await read(anonymous, "/categories/europe"))["article_count"] == 3


async def test_every_branch_is_counted_by_itself(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await plant(editor, "World", "Europe", "France")
    await plant(editor, "Spain", below="europe")
    await plant(editor, "Asia", below="world")
    await plant(editor, "Sport")
    for category in ("france", "spain", "spain", "asia", "sport"):
        await publish(author, category=category)

    counted = {"world": 4, "europe": 3, "france": 1, "spain": 2, "asia": 1, "sport": 1}

    for slug, count in counted.items():
        assert (await read(anonymous, f"/categories/{slug}"))["article_count"] == count
    [world, sport] = sorted(await read(anonymous, "/categories"), key=itemgetter("slug"), reverse=True)
    assert (world["article_count"], sport["article_count"]) == (4, 1)
    assert {node["slug"]: node["article_count"] for node in world["children"]} == {"asia": 1, "europe": 3}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("name", "x" * 101),
        ("name", None),
        ("slug", "Not a slug"),
        ("description", "x" * 2001),
        ("description", None),
        ("parent", "Not a slug"),
        ("id", 1),
    ],
)
async def test_what_cannot_be_stored_is_refused(editor: httpx.AsyncClient, field: str, value: object) -> None:
    await plant(editor, "World")

    for response in (
        await editor.post("/categories", json={"name": "x", field: value}),
        await editor.patch("/categories/world", json={field: value}),
    ):
        assert fields_of(problem_in(response, 422, "validation_error")) == [f"{field}"]


async def test_a_slug_that_is_taken_is_refused(editor: httpx.AsyncClient) -> None:
    await plant(editor, "World")
    await plant(editor, "Other")

    for response in (
        await editor.post("/categories", json={"name": "world"}),
        await editor.post("/categories", json={"name": "x", "slug": "world"}),
        await editor.patch("/categories/other", json={"slug": "world"}),
    ):
        assert fields_of(problem_in(response, 409, "category_taken")) == ["slug"]


async def test_a_new_name_keeps_the_slug_and_the_place(editor: httpx.AsyncClient) -> None:
    await plant(editor, "World", "Europe")

    response = await editor.patch("/categories/europe", json={"name": "Old world", "description": "Old."})

    expected = {"slug": "europe", "name": "Old world", "description": "Old.", "parent": "world", "article_count": 0}
    assert response.json() == expected


async def test_a_new_slug_leads_to_what_is_in_it(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await plant(editor, "World", "Europe")
    await publish(author, category="europe")

    assert (await editor.patch("/categories/world", json={"slug": "globe"})).json()["slug"] == "globe"

    assert await shape_of(editor) == {"globe": {"europe": {}}}
    assert len((await read(author, "/articles", category="globe"))["items"]) == 1
    await leads(author, "/categories/world", "/categories/globe")


async def test_a_category_moves_with_all_below_it(editor: httpx.AsyncClient) -> None:
    await plant(editor, "A", "B", "C")
    await plant(editor, "D")

    assert (await editor.patch("/categories/b", json={"parent": "d"})).json()["parent"] == "d"
    assert await shape_of(editor) == {"a": {}, "d": {"b": {"c": {}}}}
    assert (await editor.patch("/categories/b", json={"parent": None})).json()["parent"] is None
    assert await shape_of(editor) == {"a": {}, "b": {"c": {}}, "d": {}}


@pytest.mark.parametrize("parent", ["a", "b", "c"])
async def test_a_category_cannot_be_below_itself(editor: httpx.AsyncClient, parent: str) -> None:
    await plant(editor, "A", "B", "C")

    response = await editor.patch("/categories/a", json={"parent": parent})

    assert fields_of(problem_in(response, 409, "category_cycle")) == ["parent"]
    assert await shape_of(editor) == {"a": {"b": {"c": {}}}}


async def test_the_category_above_has_to_be_there(editor: httpx.AsyncClient) -> None:
    await plant(editor, "A")

    for response in (
        await editor.post("/categories", json={"name": "x", "parent": "nowhere"}),
        await editor.patch("/categories/a", json={"parent": "nowhere"}),
    ):
        assert fields_of(problem_in(response, 409, "unknown_category")) == ["parent"]


async def test_the_tree_has_six_levels_at_most(editor: httpx.AsyncClient) -> None:
    await plant(editor, *"ABCDEF")
    await plant(editor, *"XY")

    for response in (
        await editor.post("/categories", json={"name": "G", "parent": "f"}),
        await editor.patch("/categories/x", json={"parent": "f"}),
        await editor.patch("/categories/x", json={"parent": "e"}),
    ):
        assert fields_of(problem_in(response, 409, "category_too_deep")) == ["parent"]
    assert (await editor.patch("/categories/x", json={"parent": "d"})).status_code == 200


async def test_what_is_in_a_deleted_category_moves_up(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await plant(editor, "A", "B", "C")
    await plant(editor, "D", below="b")
    before = await publish(author, "In B", category="b")
    await publish(author, "In C", category="c")

    assert (await editor.delete("/categories/b")).status_code == 204

    after = await read(author, "/articles/in-b")
    assert await shape_of(editor) == {"a": {"c": {}, "d": {}}}
    assert after["category"]["slug"] == "a"
    assert after["updated_at"] == before["updated_at"]
    assert (await read(author, "/articles/in-c"))["category"]["slug"] == "c"


async def test_what_is_in_a_deleted_category_at_the_top_is_in_none(
    author: httpx.AsyncClient, editor: httpx.AsyncClient
) -> None:
    await plant(editor, "A", "B")
    await publish(author, category="a")

    assert (await editor.delete("/categories/a")).status_code == 204

    assert await shape_of(editor) == {"b": {}}
    assert (await read(author, "/articles/an-article"))["category"] is None


async def test_what_is_not_there_is_not_found(editor: httpx.AsyncClient) -> None:
    problem_in(await editor.get("/categories/nowhere"), 404, "category_not_found")
    problem_in(await editor.patch("/categories/nowhere", json={"name": "x"}), 404, "category_not_found")
    problem_in(await editor.delete("/categories/nowhere"), 404, "category_not_found")


async def test_only_editors_change_categories(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await plant(editor, "A")

    for method, path in (("POST", "/categories"), ("PATCH", "/categories/a"), ("DELETE", "/categories/a")):
        problem_in(await author.request(method, path, json={"name": "x"}), 403, "forbidden")
        problem_in(await anonymous.request(method, path, json={"name": "x"}), 401, "not_authenticated")
    assert await shape_of(anonymous) == {"a": {}}
