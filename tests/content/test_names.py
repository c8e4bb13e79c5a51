"""Names of tags and categories: one whatever their case, two whatever their transliteration."""

# ruff: noqa: RUF001 - that letters look alike is the point

import anyio
import httpx
import pytest

from app.core.roles import Role
from tests.support.problems import fields_of, problem_in
from tests.support.users import Users
from tests.support.writing import names, publish, read, walk, write

DIFFERENT = [
    ("世界", "视界", "shi-jie"),
    ("schön", "schon", "schon"),
    ("pêche", "péché", "peche"),
    ("مصر", "مسر", "msr"),
    ("C", "C.", "c"),
    ("slow travel", "slow-travel", "slow-travel"),
]
EQUAL = [("Straße", "STRASSE"), ("İzmir", "i\u0307zmir"), ("Schön", "scho\u0308n"), ("Ｃｏｌｏｐｈｏｎ", "colophon")]


async def tags_of(client: httpx.AsyncClient, slug: str) -> dict[str, str]:
    return {tag["name"]: tag["slug"] for tag in (await read(client, f"/articles/{slug}"))["tags"]}


@pytest.mark.parametrize(("one", "other", "slug"), DIFFERENT)
async def test_names_of_one_transliteration_are_two_tags(
    author: httpx.AsyncClient, anonymous: httpx.AsyncClient, one: str, other: str, slug: str
) -> None:
    await publish(author, "One", tags=[one])
    await publish(author, "Other", tags=[other])
    await publish(author, "Both", tags=[other, one])

    assert await tags_of(anonymous, "one") == {one: slug}
    assert await tags_of(anonymous, "other") == {other: f"{slug}-2"}
    assert await tags_of(anonymous, "both") == {one: slug, other: f"{slug}-2"}
    for tag, found in ((slug, ["both", "one"]), (f"{slug}-2", ["both", "other"])):
        assert sorted(names(await walk(anonymous, "/articles", tag=tag))) == found
        assert (await read(anonymous, f"/tags/{tag}"))["article_count"] == 2


@pytest.mark.parametrize(("one", "other", "slug"), DIFFERENT)
async def test_of_new_tags_in_one_article_each_gets_a_slug(
    author: httpx.AsyncClient, one: str, other: str, slug: str
) -> None:
    await publish(author, tags=[one, other])
    found = await tags_of(author, "an-article")
    assert found.keys() == {one, other}
    assert set(found.values()) == {slug, f"{slug}-2"}


@pytest.mark.parametrize(("one", "other"), EQUAL)
async def test_equal_names_are_one_tag(author: httpx.AsyncClient, one: str, other: str) -> None:
    await publish(author, "One", tags=[one, other])
    await publish(author, "Two", tags=[other])
    assert (await tags_of(author, "one")).keys() == {one}
    assert await tags_of(author, "two") == await tags_of(author, "one")


async def test_a_numbered_slug_may_be_somebodys_name(author: httpx.AsyncClient) -> None:
    await publish(author, "A", tags=["Top 2", "Top", "tōp", "TOP-2"])
    assert await tags_of(author, "a") == {"Top 2": "top-2-2", "Top": "top", "tōp": "top-3", "TOP-2": "top-2"}


async def test_a_name_that_stands_for_too_many_characters_is_refused(author: httpx.AsyncClient) -> None:
    response = await author.post("/articles", json={"title": "A", "tags": ["\ufdfa" * 50]})
    assert fields_of(problem_in(response, 422, "validation_error")) == ["tags.0"]


async def test_a_renamed_tag_gets_a_slug_of_its_own(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await publish(author, tags=["世界", "other", "top 10"])

    assert (await editor.patch("/tags/other", json={"name": "视界"})).json()["slug"] == "shi-jie-2"
    assert (await editor.patch("/tags/shi-jie-2", json={"name": "識界"})).json()["slug"] == "shi-jie-2"
    assert (await editor.patch("/tags/top-10", json={"name": "Top"})).json()["slug"] == "top"
    taken = await editor.patch("/tags/top", json={"name": "識界 "})
    assert fields_of(problem_in(taken, 409, "tag_taken")) == ["name"]
    taken = await editor.patch("/tags/top", json={"name": "Top", "slug": "shi-jie"})
    assert fields_of(problem_in(taken, 409, "tag_taken")) == ["slug"]


async def test_categories_of_one_transliteration_are_two(editor: httpx.AsyncClient) -> None:
    for one, other, slug in DIFFERENT:
        assert (await editor.post("/categories", json={"name": one})).json()["slug"] == slug
        response = await editor.post("/categories", json={"name": other})
        assert response.json()["slug"] == f"{slug}-2", response.text
        again = await editor.post("/categories", json={"name": f" {other.upper()}"})
        problem_in(again, 409, "category_taken")


async def test_whoever_gives_a_slug_may_use_a_name_in_several_places(editor: httpx.AsyncClient) -> None:
    for parent in ("Sports", "Politics"):
        await editor.post("/categories", json={"name": parent})
    assert (await editor.post("/categories", json={"name": "News", "parent": "sports"})).status_code == 201
    problem_in(await editor.post("/categories", json={"name": "news", "parent": "politics"}), 409, "category_taken")
    news = {"name": "News", "parent": "politics", "slug": "politics-news"}
    assert (await editor.post("/categories", json=news)).status_code == 201


async def test_until_a_tag_is_public_the_last_to_use_it_spells_it(
    author: httpx.AsyncClient, editor: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    await write(editor, "Secret draft", tags=["PROJECT x"])

    drafted = await write(author, "Other draft", tags=["Project X"])
    assert [tag["name"] for tag in drafted["tags"]] == ["Project X"]
    published = await publish(author, "Out", tags=["project X"])
    assert [tag["name"] for tag in published["tags"]] == ["project X"]
    assert (await read(anonymous, "/tags/project-x"))["name"] == "project X"

    for tags in (["PROJECT X"], ["Project x"]):
        await author.patch("/articles/other-draft", json={"tags": tags})
    assert (await tags_of(anonymous, "out")).keys() == {"project X"}
    # Who alone shows it may correct it.
    await author.patch("/articles/out", json={"tags": ["Project X"]})
    assert (await tags_of(anonymous, "out")).keys() == {"Project X"}
    assert (await read(anonymous, "/tags/project-x"))["name"] == "Project X"
    await publish(editor, "Out too", tags=["PROJECT X"])
    assert (await tags_of(anonymous, "out-too")).keys() == {"Project X"}


async def test_an_editors_spelling_stays(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    await write(author, "A draft", tags=["javascript"])
    await editor.patch("/tags/javascript", json={"name": "JavaScript"})
    published = await publish(author, "Out", tags=["javascript"])
    assert [tag["name"] for tag in published["tags"]] == ["JavaScript"]


async def test_at_once_each_name_becomes_one_tag_and_each_tag_has_a_slug(live_users: Users) -> None:
    spellings = ["世界", "视界", "識界", "schön", "schon", "SCHÖN", "pêche", "péché"]
    clients = [await live_users.client(Role.AUTHOR) for _ in range(6)]
    answers: list[httpx.Response] = []

    async def post(client: httpx.AsyncClient, number: int) -> None:
        tags = spellings[number % 3 :: 2] + spellings[::-1][number % 2 :]
        article = {"title": "Same", "tags": tags, "status": "published" if number % 2 else "draft"}
        answers.append(await client.post("/articles", json=article))

    async with anyio.create_task_group() as group:
        for number in range(18):
            group.start_soon(post, clients[number % 6], number)

    assert {answer.status_code for answer in answers} == {201}
    editor = await live_users.client(Role.EDITOR)
    found = {tag["slug"]: tag["name"].casefold() for tag in await walk(editor, "/tags")}
    assert sorted(found.values()) == sorted({spelling.casefold() for spelling in spellings})
    assert len(found) == 7
