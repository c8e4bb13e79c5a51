"""The `ETag` of one resource, whoever asks for it and in whatever encoding."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.content.models import Article
from app.core.entity_tags import validator_of
from app.core.roles import Role
from tests.support.problems import problem_in
from tests.support.users import Users
from tests.support.writing import comment, publish, read, write

LONG = "All about bread. " * 200


async def tag_of(client: httpx.AsyncClient, path: str, encoding: str = "identity", **headers: str) -> str:
    response = await client.get(path, headers={"Accept-Encoding": encoding, **headers})
    assert response.status_code == 200, response.text
    return response.headers["ETag"]


async def test_an_article_has_one_version_in_every_encoding(
    anonymous: httpx.AsyncClient, author: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    article = await publish(author, body_markdown=LONG)
    path = f"/articles/{article['slug']}"

    tags = [await tag_of(anonymous, path, encoding) for encoding in ("identity", "gzip", "zstd")]
    others = [await tag_of(client, path, encoding) for client in (author, reader) for encoding in ("identity", "gzip")]

    assert len(set(tags)) == 3
    assert [tag.strip('"').split("-")[2:] for tag in tags] == [[], ["gzip"], ["zstd"]]
    # Nobody compresses what only one account gets, and what it gets is the same.
    assert set(others) == {tags[0]}
    assert {validator_of(tag) for tag in tags} == {f"{article['id']}.{article['version']}"}


async def test_nothing_is_different_while_the_response_cache_is_not_used(live_users: Users) -> None:
    author, anonymous = await live_users.client(Role.AUTHOR), await live_users.client()
    path = f"/articles/{(await publish(author))['slug']}"

    tag = await tag_of(anonymous, path)

    assert tag == await tag_of(author, path)
    assert (await anonymous.get(path, headers={"If-None-Match": tag})).status_code == 304


async def test_what_is_sent_as_it_is_made_has_no_tag(author: httpx.AsyncClient) -> None:
    export = await author.get("/users/me/export")

    assert export.status_code == 200
    assert export.content.startswith(b"PK")
    assert "ETag" not in export.headers


async def test_a_comment_changes_the_bytes_and_not_the_version(
    anonymous: httpx.AsyncClient, author: httpx.AsyncClient
) -> None:
    article = await publish(author)
    path = f"/articles/{article['slug']}"
    before = await tag_of(anonymous, path), await tag_of(author, path)

    await comment(author, article["slug"])

    after = await tag_of(anonymous, path), await tag_of(author, path)
    assert before[0] == before[1] != after[0] == after[1]
    assert len({validator_of(tag) for tag in (*before, *after)}) == 1
    assert (await read(author, path))["version"] == article["version"]
    # So nobody who is writing is disturbed by readers.
    changed = await author.patch(path, json={"title": "New"}, headers={"If-Match": before[0]})
    assert changed.status_code == 200


async def test_another_version_is_another_tag(
    anonymous: httpx.AsyncClient, author: httpx.AsyncClient, session: AsyncSession
) -> None:
    article = await publish(author)
    path = f"/articles/{article['slug']}"
    before = await tag_of(author, path)

    await session.execute(update(Article).where(Article.id == article["id"]).values(version=7))
    await session.commit()

    for client in (anonymous, author):
        assert validator_of(await tag_of(client, path)) == f"{article['id']}.7"
    refused = await author.patch(path, json={"title": "New"}, headers={"If-Match": before})
    problem_in(refused, 412, "precondition_failed")
    assert refused.headers["ETag"] == await tag_of(author, path)


SHOWN = ["/articles/{slug}", "/articles", "/tags/bread", "/users/me", "/users/me/second-factors"]


@pytest.mark.parametrize("path", SHOWN)
async def test_who_has_it_already_is_not_sent_it_again(author: httpx.AsyncClient, path: str) -> None:
    slug = (await publish(author, tags=["Bread"]))["slug"]
    path = path.format(slug=slug)
    tag = await tag_of(author, path)

    for wanted in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await author.get(path, headers={"If-None-Match": wanted})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert "Content-Type" not in again.headers
    for wanted in ('"other"', tag[:-1], f'{tag[:-1]}-gzip"'):
        assert (await author.get(path, headers={"If-None-Match": wanted})).status_code == 200
    asked = await author.head(path, headers={"If-None-Match": '"other"'})
    assert (asked.status_code, asked.headers["ETag"]) == (200, tag)
    assert (await author.head(path, headers={"If-None-Match": tag})).status_code == 304


async def test_a_304_is_not_for_those_who_may_not_see_it(author: httpx.AsyncClient, reader: httpx.AsyncClient) -> None:
    path = f"/articles/{(await write(author))['slug']}"
    headers = {"If-None-Match": await tag_of(author, path)}

    problem_in(await reader.get(path, headers=headers), 404, "article_not_found")
    problem_in(await reader.get("/users", headers={"If-None-Match": "*"}), 403, "forbidden")


async def test_nor_is_a_412(author: httpx.AsyncClient, reader: httpx.AsyncClient, anonymous: httpx.AsyncClient) -> None:
    path = f"/articles/{(await write(author))['slug']}"
    headers = {"If-Match": '"other"'}

    hidden = await reader.patch(path, json={"title": "New"}, headers=headers)
    unknown = await anonymous.delete(path, headers=headers)

    problem_in(hidden, 404, "article_not_found")
    problem_in(unknown, 401, "not_authenticated")
    assert "ETag" not in hidden.headers
    assert "ETag" not in unknown.headers


async def test_what_is_made_can_be_changed_at_once(author: httpx.AsyncClient, editor: httpx.AsyncClient) -> None:
    made = await author.post("/articles", json={"title": "Bread"})
    published = await author.put("/articles/bread/publication", headers={"If-Match": made.headers["ETag"]})
    changed = await author.patch(
        "/articles/bread", json={"title": "Good bread"}, headers={"If-Match": published.headers["ETag"]}
    )
    assert [made.status_code, published.status_code, changed.status_code] == [201, 200, 200]
    assert changed.headers["ETag"] == await tag_of(author, "/articles/bread")

    category = await editor.post("/categories", json={"name": "Baking"})
    assert category.headers["ETag"] == await tag_of(editor, "/categories/baking")
    # An answer that no GET gives has none.
    assert "ETag" not in (await author.post("/auth/logout-all")).headers


async def test_whatever_looks_at_no_condition_fails_with_one(author: httpx.AsyncClient) -> None:
    for headers in ({"If-Match": "*"}, {"If-Match": '"x"'}):
        problem_in(await author.post("/articles", json={"title": "Bread"}, headers=headers), 412, "precondition_failed")
    assert (await read(author, "/articles", status="draft"))["items"] == []

    assert (await author.post("/articles", json={"title": "A"}, headers={"If-None-Match": "*"})).status_code == 201


async def with_the_same_tag(client: httpx.AsyncClient, path: str, bodies: list[dict[str, Any]]) -> list[int]:
    headers = {"If-Match": await tag_of(client, path)}
    answers = await asyncio.gather(*(client.patch(path, json=body, headers=headers) for body in bodies))
    return sorted(answer.status_code for answer in answers)


async def test_of_those_who_saw_the_same_only_one_changes_it(live_users: Users) -> None:
    admin = await live_users.client(Role.ADMIN)
    await publish(admin, tags=["Bread"])
    await admin.post("/categories", json={"name": "Baking"})
    other = await live_users.user()
    names, bios = [{"name": text} for text in "abcd"], [{"bio": text} for text in "abcd"]

    changed = [
        await with_the_same_tag(admin, "/tags/bread", [{**name, "slug": "bread"} for name in names]),
        await with_the_same_tag(admin, "/categories/baking", names),
        await with_the_same_tag(admin, f"/users/{other.id}", bios),
        await with_the_same_tag(admin, "/users/me", bios),
    ]

    assert changed == [[200, 412, 412, 412]] * 4
