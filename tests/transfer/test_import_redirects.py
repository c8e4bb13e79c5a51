"""Redirects from the addresses that imported posts had."""

from pathlib import Path, PurePath
from typing import Any

import pytest
from fastapi import FastAPI

from app.core.roles import Role
from app.transfer.importing.former_paths import former_paths
from app.transfer.importing.shapes import squeezed
from tests.support.blogs import import_blog, last_line, write_post
from tests.support.users import Users


def found(fields: dict[str, Any], path: str = "blog/content/posts/new.md") -> tuple[str, ...]:
    return former_paths(squeezed(fields), PurePath(path))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"aliases": ["/old/", "/2019/old.html"]}, ["/old", "/2019/old.html"]),
        ({"aliases": "/old"}, ["/old"]),
        ({"aliases": ["old", "../up", "../../../../out"]}, ["/posts/old", "/up", "/out"]),
        ({"aliases": ["old"], "taxonomies": {}}, ["/old"]),
        ({"params": {"aliases": ["/old"]}}, ["/old"]),
        ({"redirect_from": "old/"}, ["/old"]),
        ({"redirect_from": ["/a", "/a/", "b/c"]}, ["/a", "/b/c"]),
        ({"redirect_from": [{"url": 1}, None, "", "/", 7, "/x?y#z"]}, ["/7", "/x"]),
        ({"permalink": "/:year/:title/"}, []),
        ({"permalink": "pretty"}, []),
        ({"permalink": "/2019/a.html"}, ["/2019/a.html"]),
        ({"url": "https://old.example.com/a/b/?c"}, ["/a/b"]),
        ({"url": "https://old.example.com"}, []),
        ({"url": "http://[/a"}, []),
        ({"path": "inside/2019/a"}, ["/inside/2019/a"]),
        ({"link": "https://elsewhere.example.com/a"}, []),
        ({"aliases": ["//evil.com/x", "javascript:alert(1)"]}, ["/evil.com/x", "/posts/javascript:alert(1)"]),
    ],
)
def test_former_paths_are_found_in_the_front_matter(fields: dict[str, Any], paths: list[str]) -> None:
    assert list(found(fields)) == paths


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("configuration", "paths"),
    [
        (None, ()),
        ("title: A", ("/big-news/2019/05/03/hello.html",)),
        ("permalink: pretty", ("/big-news/2019/05/03/hello",)),
        ("permalink: /:year/:title", ("/2019/hello",)),
        ("permalink: /:output_ext/:title", ()),
        ("[", ()),
        ("- a", ()),
    ],
)
def test_jekyll_composes_addresses_as_its_configuration_says(
    tmp_path: Path, configuration: str | None, paths: tuple[str, ...]
) -> None:
    if configuration is not None:
        (tmp_path / "_config.yml").write_text(configuration)
    post = tmp_path / "_posts" / "2019-5-03-hello.md"

    assert former_paths(squeezed({"categories": ["Big News"]}), post) == paths


async def redirects_of(users: Users) -> dict[str, Any]:
    editor = await users.client(Role.EDITOR)
    items = (await editor.get("/redirects", params={"limit": "100"})).json()["items"]
    return {item["source"]: (item["article"], item["status"]) for item in items}


async def test_imported_posts_are_found_at_their_former_addresses(
    live_app: FastAPI, live_users: Users, tmp_path: Path
) -> None:
    write_post(tmp_path / "a.md", "title: A\ndate: 2020-01-01\nslug: a\nredirect_from: [/old-a, /shared, /b, /a]")
    write_post(tmp_path / "b.md", "title: B\ndate: 2020-01-02\nslug: b\naliases: [/shared/, '/x/%2e%2e/y', /old-b]")
    write_post(tmp_path / "c.md", "title: C\ndraft: true\nslug: c\naliases: /old-c")

    dry = await import_blog(live_app, tmp_path, "--dry-run")
    assert await redirects_of(live_users) == {}
    result = await import_blog(live_app, tmp_path)

    for output in (dry.output, result.output):
        assert "→ a: redirects from /old-a, /shared" in output
        assert "no redirect from /shared: it leads" in output
        assert "redirects from /old-b" in output
        assert "no redirect from /x/%2e%2e/y: it must not contain" in output
    assert result.exit_code == 0
    expected = {
        "/old-a": ("a", 301),
        "/shared": ("a", 301),
        "/old-b": ("b", 301),
        "/old-c": ("c", 301),
    }
    assert await redirects_of(live_users) == expected

    assert last_line(await import_blog(live_app, tmp_path)).startswith("0 created, 0 updated, 3 unchanged")
    anonymous = await live_users.client()
    editor = await live_users.client(Role.EDITOR)
    await editor.patch("/articles/a", json={"slug": "renamed"})
    moved = await anonymous.get("/resolve", params={"path": "/old-a"})
    assert (moved.status_code, moved.headers["Location"]) == (301, "/renamed")
    # The draft is nobody's business.
    assert (await anonymous.get("/resolve", params={"path": "/old-c"})).status_code == 404


async def test_an_alias_that_is_added_later_is_taken_over(live_app: FastAPI, live_users: Users, tmp_path: Path) -> None:
    post = write_post(tmp_path / "a.md", "title: A\ndate: 2020-01-01\nslug: a")
    await import_blog(live_app, tmp_path)
    write_post(post, "title: A\ndate: 2020-01-01\nslug: a\naliases: [/old]")

    assert "redirects from /old" in (await import_blog(live_app, tmp_path)).output
    assert await redirects_of(live_users) == {"/old": ("a", 301)}


async def test_what_editors_have_set_up_stays(live_app: FastAPI, live_users: Users, tmp_path: Path) -> None:
    editor = await live_users.client(Role.EDITOR)
    for source, target in (("/old", "/elsewhere"), ("/b", "/x")):
        await editor.post("/redirects", json={"source": source, "target": target})
    await editor.post("/redirects", json={"source": "/", "target": "https://example.com", "match": "prefix"})
    write_post(tmp_path / "a.md", "title: A\ndate: 2020-01-01\nslug: a\naliases: [/old, /older]")
    write_post(tmp_path / "b.md", "title: B\ndate: 2020-01-01\nslug: b\naliases: [/old-b]")

    result = await import_blog(live_app, tmp_path)

    assert result.exit_code == 0
    assert "no redirect from /old: it leads elsewhere already" in result.output
    assert "no redirect from /old-b: it would be led on from the article itself" in result.output
    expected = {"/old": (None, 308), "/b": (None, 308), "/": (None, 308), "/older": ("a", 301)}
    assert await redirects_of(live_users) == expected
