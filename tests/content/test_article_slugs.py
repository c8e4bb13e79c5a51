"""Under which address an article is found."""

import httpx
import pytest

from tests.support.problems import fields_of, problem_in
from tests.support.writing import names, read, write


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Grüße aus Köln", "grusse-aus-koln"),
        ("Война и мир", "voina-i-mir"),
        ("你好", "ni-hao"),
        ("🎉", "party-popper"),
        ("?", "question-mark"),
        ("x" * 200, "x" * 120),
    ],
)
async def test_a_slug_is_made_of_the_title(author: httpx.AsyncClient, title: str, slug: str) -> None:
    written = await write(author, title)

    assert written["slug"] == slug
    assert (await read(author, f"/articles/{slug}"))["title"] == title


async def test_equal_titles_get_numbers(author: httpx.AsyncClient) -> None:
    slugs = [(await write(author, "Same title", tags=["kept"]))["slug"] for _ in range(4)]

    assert slugs == ["same-title", "same-title-2", "same-title-3", "same-title-4"]
    assert names((await read(author, "/articles/same-title-4"))["tags"]) == ["kept"]


async def test_long_equal_titles_get_numbers_too(author: httpx.AsyncClient) -> None:
    slugs = [(await write(author, "x" * 200))["slug"] for _ in range(3)]

    assert len(set(slugs)) == 3
    assert all(len(slug) <= 120 for slug in slugs)


async def test_a_number_that_a_title_has_itself_is_passed_over(author: httpx.AsyncClient) -> None:
    await write(author, "Part 2")
    await write(author, "Part")

    assert (await write(author, "Part"))["slug"] == "part-3"


async def test_an_unrelated_number_does_not_count(author: httpx.AsyncClient) -> None:
    await write(author, "Part one 7")
    await write(author, "Part 99999999999999999999")
    await write(author, "Part")

    assert (await write(author, "Part"))["slug"] == "part-2"


async def test_a_slug_can_be_given(author: httpx.AsyncClient) -> None:
    assert (await write(author, "A title", slug="my-slug"))["slug"] == "my-slug"


async def test_a_given_slug_that_is_taken_is_refused(author: httpx.AsyncClient) -> None:
    await write(author, "Taken")
    await write(author, "Other")

    for response in (
        await author.post("/articles", json={"title": "x", "slug": "taken"}),
        await author.patch("/articles/other", json={"slug": "taken", "title": "Lost"}),
    ):
        assert fields_of(problem_in(response, 409, "slug_taken")) == ["slug"]
    assert (await read(author, "/articles/other"))["title"] == "Other"


async def test_a_draft_that_one_cannot_see_keeps_its_slug(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await write(editor, "Secret")

    assert (await write(author, "Secret"))["slug"] == "secret-2"
    problem_in(await author.post("/articles", json={"title": "x", "slug": "secret"}), 409, "slug_taken")


async def test_a_deleted_article_keeps_its_slug(author: httpx.AsyncClient) -> None:
    await write(author, "Gone")
    await author.delete("/articles/gone")

    assert (await write(author, "Gone"))["slug"] == "gone-2"


async def test_another_title_keeps_the_slug(author: httpx.AsyncClient) -> None:
    await write(author, "First thought")

    assert (await author.patch("/articles/first-thought", json={"title": "Second"})).json()["slug"] == "first-thought"


async def test_an_article_moves_to_another_slug(author: httpx.AsyncClient) -> None:
    await write(author, "Old")

    assert (await author.patch("/articles/old", json={"slug": "new"})).status_code == 200
    assert (await read(author, "/articles/new"))["title"] == "Old"
    problem_in(await author.get("/articles/old"), 404, "article_not_found")


async def test_its_own_slug_is_not_taken(author: httpx.AsyncClient) -> None:
    await write(author, "Mine")

    assert (await author.patch("/articles/mine", json={"slug": "mine"})).status_code == 200
