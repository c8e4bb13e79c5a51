"""Slugs that one article gave up and another took over: who is found there."""

import httpx

from tests.support.problems import problem_in
from tests.support.writing import publish


async def test_an_article_whose_slug_was_taken_over_is_found_again_when_the_other_is_not(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "First", slug="place")
    await author.patch("/articles/place", json={"slug": "first"})
    await publish(author, "Second", slug="place")
    assert (await anonymous.get("/articles/place")).json()["title"] == "Second"

    async def leads_to() -> str:
        return (await anonymous.get("/articles/place")).headers["Location"].rpartition("/")[2]

    await author.delete("/articles/place/publication")
    assert await leads_to() == "first"
    await author.put("/articles/place/publication")
    assert (await anonymous.get("/articles/place")).status_code == 200
    await author.patch("/articles/place", json={"visibility": "members"})
    assert await leads_to() == "first"
    await author.patch("/articles/place", json={"visibility": "public"})
    await author.delete("/articles/place")
    assert await leads_to() == "first"
    # Whoever took it over last comes first, as long as it is there.
    await editor.put("/articles/place/restoration")
    await author.patch("/articles/place", json={"slug": "second"})
    assert await leads_to() == "second"
    await author.delete("/articles/second")
    assert await leads_to() == "first"
    await author.delete("/articles/first")
    problem_in(await anonymous.get("/articles/place"), 410, "gone")


async def test_the_end_of_what_only_members_saw_is_nobody_elses_business(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await publish(author, "First", slug="place")
    await author.patch("/articles/place", json={"slug": "first"})
    await author.delete("/articles/first/publication")
    await publish(author, "Second", slug="place", visibility="members")
    problem_in(await anonymous.get("/articles/place"), 404, "article_not_found")

    await author.delete("/articles/place")

    problem_in(await anonymous.get("/articles/place"), 404, "article_not_found")


async def test_a_slug_that_is_a_number_is_the_only_thing_replaced(author: httpx.AsyncClient) -> None:
    await publish(author, "Two", slug="2")
    await author.patch("/articles/2", json={"slug": "two"})

    moved = await author.get("/articles/2/revisions/2/diff/2")

    problem_in(moved, 308, "moved")
    assert moved.headers["Location"].endswith("/articles/two/revisions/2/diff/2")
