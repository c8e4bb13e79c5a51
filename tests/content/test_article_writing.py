"""Writing and changing articles."""

from typing import Any

import httpx
import pytest

from tests.support.problems import fields_of, problem_in
from tests.support.writing import publish, read, write


async def test_a_new_article_is_a_draft_with_everything_that_was_sent(author: httpx.AsyncClient) -> None:
    sent: dict[str, Any] = {
        "title": "  Größe & Glück  ",
        "body_markdown": "*One* two",
        "excerpt": "In short.",
        "language": "de-AT",
        "cover_image_url": "https://example.com/a.png?w=1#x",
        "tags": ["Nice"],
    }
    written = await write(author, **sent)

    assert written == await read(author, "/articles/grosse-gluck")
    assert written["title"] == "Größe & Glück"
    assert written["body_html"] == "<p><em>One</em> two</p>\n"
    assert (written["word_count"], written["reading_minutes"], written["comment_count"]) == (2, 1, 0)
    assert (written["status"], written["published_at"]) == ("draft", None)
    assert written["tags"] == [{"slug": "nice", "name": "Nice"}]
    for name in ("body_markdown", "excerpt", "language", "cover_image_url"):
        assert written[name] == sent[name]
    assert written["created_at"] == written["updated_at"]
    assert written["created_at"].endswith("Z")


async def test_a_title_is_all_that_it_takes(author: httpx.AsyncClient) -> None:
    written = await write(author, "Only a title")

    assert (written["body_markdown"], written["body_html"], written["excerpt"]) == ("", "", "")
    assert (written["language"], written["cover_image_url"], written["category"]) == ("en", None, None)


async def test_an_article_can_be_published_as_it_is_written(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    written = await write(author, "At once", status="published")

    assert written["status"] == "published"
    assert written["published_at"] is not None
    assert await read(anonymous, "/articles/at-once") == written


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \n\t "),
        ("title", "x" * 201),
        ("title", None),
        ("title", 1),
        ("title", "a\x00b"),
        ("body_markdown", "x" * 500_001),
        ("body_markdown", None),
        ("body_markdown", "a\x00b"),
        ("slug", "Not A Slug"),
        ("slug", "-a"),
        ("slug", "a--b"),
        ("slug", "a\n"),
        ("slug", "ü"),
        ("slug", ""),
        ("slug", "x" * 121),
        ("excerpt", "x" * 1001),
        ("language", "english"),
        ("language", None),
        ("language", ""),
        ("cover_image_url", "javascript:alert(1)"),
        ("cover_image_url", "data:image/png;base64,AAAA"),
        ("cover_image_url", "//example.com/a.png"),
        ("cover_image_url", "https://example.com/a.png\n"),
        ("cover_image_url", 'https://example.com/"onerror="x'),
        ("cover_image_url", f"https://example.com/{'x' * 2000}"),
        ("tags", None),
        ("tags", [""]),
        ("tags", ["x" * 101]),
        ("tags", [None]),
        ("tags", ["x"] * 31),
        ("tags", "one"),
        ("status", "deleted"),
        ("author_id", 1),
        ("comment_count", 7),
    ],
)
async def test_what_cannot_be_stored_is_refused_with_the_name_of_its_field(
    author: httpx.AsyncClient, field: str, value: object
) -> None:
    await write(author, "Before")

    for response in (
        await author.post("/articles", json={"title": "A title", field: value}),
        await author.patch("/articles/before", json={field: value}),
    ):
        problem = problem_in(response, 422, "validation_error")
        assert all(name.startswith(f"{field}") for name in fields_of(problem))


async def test_half_of_a_character_is_refused(author: httpx.AsyncClient) -> None:
    for body in (rb'{"title": "\ud800"}', rb'{"title": "x", "tags": ["\udfff"]}'):
        response = await author.post("/articles", content=body, headers={"Content-Type": "application/json"})
        problem_in(response, 422, "validation_error")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another title 🎉"),
        ("body_markdown", "Another body"),
        ("slug", "another-slug"),
        ("excerpt", "Another excerpt"),
        ("language", "pt-BR"),
        ("cover_image_url", "http://example.com/b.png"),
    ],
)
async def test_a_change_leaves_the_rest_as_it_was(author: httpx.AsyncClient, field: str, value: str) -> None:
    before = await write(author, body_markdown="A body", excerpt="An excerpt", tags=["one", "two"])
    derived = {"body_markdown": {"body_html", "word_count"}}.get(field, set())

    response = await author.patch("/articles/an-article", json={field: value})

    after = response.json()
    assert response.status_code == 200, response.text
    assert after[field] == value
    assert {name for name in after if after[name] != before[name]} - derived - {"updated_at", "version"} == {field}
    assert after["updated_at"] > before["updated_at"]
    assert after["version"] == before["version"] + 1
    assert after == await read(author, f"/articles/{after['slug']}")


async def test_no_change_is_no_change(author: httpx.AsyncClient) -> None:
    before = await write(author)

    assert (await author.patch("/articles/an-article", json={})).json() == before


async def test_an_excerpt_is_given_or_taken_from_the_body(author: httpx.AsyncClient) -> None:
    assert (await write(author, body_markdown="The *first* words."))["excerpt"] == "The first words."

    async def excerpt_after(**change: Any) -> str:
        excerpt: str = (await author.patch("/articles/an-article", json=change)).json()["excerpt"]
        return excerpt

    assert await excerpt_after(body_markdown="Other words.") == "Other words."
    assert await excerpt_after(excerpt="My own.") == "My own."
    assert await excerpt_after(body_markdown="Yet other words.") == "My own."
    assert await excerpt_after(excerpt=None) == "Yet other words."


async def test_what_may_be_empty_can_be_emptied(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await editor.post("/categories", json={"name": "News"})
    await write(author, category="news", cover_image_url="https://example.com/a.png", tags=["one"])

    response = await author.patch("/articles/an-article", json={"category": None, "cover_image_url": None, "tags": []})

    assert response.json()["category"] is None
    assert response.json()["cover_image_url"] is None
    assert response.json()["tags"] == []


async def test_an_article_is_put_into_a_category(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await editor.post("/categories", json={"name": "News"})
    assert (await write(author, category="news"))["category"] == {"slug": "news", "name": "News"}
    await write(author, "Another")

    assert (await author.patch("/articles/another", json={"category": "news"})).json()["category"]["slug"] == "news"


async def test_a_category_has_to_be_there(author: httpx.AsyncClient) -> None:
    await write(author)

    for response in (
        await author.post("/articles", json={"title": "x", "category": "nowhere"}),
        await author.patch("/articles/an-article", json={"category": "nowhere", "title": "Changed"}),
    ):
        assert fields_of(problem_in(response, 409, "unknown_category")) == ["category"]
    assert (await read(author, "/articles/an-article"))["title"] == "An article"


async def test_tags_are_made_by_being_used(author: httpx.AsyncClient) -> None:
    assert (await write(author, tags=["Zebra", "C++ & Co", "🎉", " Padded "]))["tags"] == [
        {"slug": "cpp-co", "name": "C++ & Co"},
        {"slug": "padded", "name": "Padded"},
        {"slug": "party-popper", "name": "🎉"},
        {"slug": "zebra", "name": "Zebra"},
    ]


async def test_a_tag_in_another_case_is_the_same_tag(author: httpx.AsyncClient) -> None:
    first = await publish(author, tags=["Python", "python", "PYTHON"])
    second = await publish(author, tags=["pYTHON", "Café", "CAFÉ"])

    assert first["tags"] == [{"slug": "python", "name": "Python"}]
    assert second["tags"] == [{"slug": "cafe", "name": "Café"}, {"slug": "python", "name": "Python"}]


async def test_tags_are_replaced(author: httpx.AsyncClient) -> None:
    await write(author, tags=["one", "two"])

    response = await author.patch("/articles/an-article", json={"tags": ["two", "three"]})

    assert [tag["slug"] for tag in response.json()["tags"]] == ["three", "two"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("slug", ["nothing", "Not a slug", "%F0%9F%8E%89", "x" * 120])
async def test_what_is_not_there_is_not_found(author: httpx.AsyncClient, method: str, slug: str) -> None:
    problem_in(await author.request(method, f"/articles/{slug}", json={}), 404, "article_not_found")
