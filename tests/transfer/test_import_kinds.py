"""Pages come as pages, and what is for some as that; what is neither clearly that nor public becomes a draft."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.core.roles import Role
from tests.support.blogs import all_articles, import_blog, last_line
from tests.support.posts import post
from tests.support.users import Users
from tests.support.writing import names, publish, read, write

DATED, UNDATED = "2020-02-29-x.md", "about.md"


@pytest.mark.parametrize(
    ("header", "name", "kind"),
    [
        ("type: page", DATED, "page"),
        ("type: Page", UNDATED, "page"),
        ("type = 'page'", UNDATED, "page"),
        ("post_type: page", UNDATED, "page"),
        ("kind: page", UNDATED, "page"),
        ("layout: page", UNDATED, "page"),
        ("layout: page\ndate: 2020-01-01", UNDATED, "page"),
        # A post of Jekyll is listed, whatever it looks like.
        ("layout: page", DATED, "article"),
        ("layout: page", f"_posts/{DATED}", "article"),
        ("type: post\nlayout: page", UNDATED, "article"),
        ("type: pages", DATED, "article"),
        ("layout: post", DATED, "article"),
        ("title: page", DATED, "article"),
    ],
)
def test_what_is_a_page(header: str, name: str, kind: str) -> None:
    found = post(header, name=name)

    assert found.content.kind == kind
    if kind == "page":
        assert (found.content.status, found.notes) == ("published", ("a page",))


@pytest.mark.parametrize(
    "header", ["type: page\ndraft: true", "layout: page\npublished: false", "type: page\nhidden: 1"]
)
def test_a_page_may_be_a_draft(header: str) -> None:
    found = post(header, name=UNDATED)

    assert (found.content.kind, found.content.status) == ("page", "draft")


@pytest.mark.parametrize(
    ("header", "visibility"),
    [
        ("unlisted: true", "unlisted"),
        ("unlisted: 'Yes'", "unlisted"),
        ("visibility: Unlisted", "unlisted"),
        ("visibility: members", "members"),
        ("status: publish\nvisibility: members", "members"),
        ("[params]\nvisibility = 'members'", "members"),
        ("build:\n  list: never", "unlisted"),
        ("build: {list: never, render: always}", "unlisted"),
        ("_build: {list: false}", "unlisted"),
        ("unlisted: true\nvisibility: public", "unlisted"),
        ("unlisted: false", "public"),
        ("visibility: public", "public"),
        ("build: {list: always}", "public"),
    ],
)
def test_who_finds_it(header: str, visibility: str) -> None:
    found = post(header)

    assert (found.content.visibility, found.content.status) == (visibility, "published")


@pytest.mark.parametrize(
    ("header", "visibility"),
    [
        ("unlisted: true\nvisibility: members", "members"),
        ("unlisted: true\nvisibility: private", "unlisted"),
        ("unlisted: true\ndraft: true", "unlisted"),
        ("build: {list: never, render: never}", "unlisted"),
        ("build: {list: local}", "public"),
        ("visibility: [paid, members]", "public"),
    ],
)
def test_what_nobody_is_to_find_is_a_draft(header: str, visibility: str) -> None:
    found = post(header)

    assert (found.content.visibility, found.content.status) == (visibility, "draft")


async def test_a_section_can_say_it_for_its_posts(tmp_path: Path, live_app: FastAPI, live_users: Users) -> None:
    folder = tmp_path / "content" / "notes"
    folder.mkdir(parents=True)
    (tmp_path / "hugo.toml").touch()
    (folder / "_index.md").write_text("---\ncascade:\n  build:\n    list: never\n---\n")
    (folder / "one.md").write_text("---\ndate: 2020-01-01\n---\nText\n")

    await import_blog(live_app, tmp_path)

    (article,) = (await read(await live_users.client(Role.EDITOR), "/articles", visibility="unlisted"))["items"]
    assert (article["slug"], article["status"]) == ("one", "published")


async def test_a_page_without_a_date_comes_once(live_app: FastAPI, live_users: Users, tmp_path: Path) -> None:
    editor, anonymous = await live_users.client(Role.EDITOR), await live_users.client()
    (tmp_path / "about.md").write_text("---\nlayout: page\ntitle: About\n---\nUs.\n")

    for line in ("1 created, 0 updated, 0 unchanged, 0 skipped.", "0 created, 0 updated, 1 unchanged, 0 skipped."):
        assert last_line(await import_blog(live_app, tmp_path)) == line
        assert (await read(anonymous, "/articles/about"))["published_at"] is None
        assert names((await read(anonymous, "/articles"))["items"]) == []
    since = (await editor.patch("/articles/about", json={"kind": "article"})).json()["published_at"]
    assert since is not None


async def test_exports_come_back_as_what_they_were(live_app: FastAPI, live_users: Users, tmp_path: Path) -> None:
    anna, admin = await live_users.client(Role.AUTHOR, username="anna"), await live_users.client(Role.ADMIN)
    sorts = [(kind, visibility) for kind in ("article", "page") for visibility in ("public", "unlisted", "members")]
    for kind, visibility in sorts:
        await publish(anna, f"{kind} {visibility}", kind=kind, visibility=visibility)
        await write(anna, f"{kind} {visibility} draft", kind=kind, visibility=visibility)
    before = {slug: _sort(article) for slug, article in (await all_articles(admin)).items()}
    before |= {slug: _sort(await read(admin, f"/articles/{slug}")) for slug in _slugs(sorts)}
    response = await anna.get("/users/me/export")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        for slug in _slugs(sorts):
            (tmp_path / f"{slug}.md").write_bytes(archive.read(f"articles/{slug}.md"))
            await admin.patch(f"/articles/{slug}", json={"slug": f"{slug}-before"})

    result = await import_blog(live_app, tmp_path)

    assert last_line(result) == "12 created, 0 updated, 0 unchanged, 0 skipped."
    for slug in _slugs(sorts):
        assert _sort(await read(admin, f"/articles/{slug}")) == before[slug]


def _slugs(sorts: list[tuple[str, str]]) -> list[str]:
    return [f"{kind}-{visibility}{end}" for kind, visibility in sorts for end in ("", "-draft")]


def _sort(article: Any) -> tuple[str, ...]:
    return tuple(article[name] for name in ("kind", "visibility", "status", "published_at"))
