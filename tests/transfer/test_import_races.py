"""What others do in the blog between an import's decision and its writing."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.content.markup import RenderedArticle, render_article
from app.core import clock
from app.core.roles import Role
from app.transfer.importing import importer
from app.transfer.importing.fields import Author
from app.transfer.importing.files import files_in
from app.transfer.importing.posts import Post
from app.transfer.importing.report import Report
from tests.support.blogs import write_post
from tests.support.users import Users

Meanwhile = Callable[[], Awaitable[object]]


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return write_post(tmp_path / "blog" / "2020-01-01-hello.md").parent


@pytest.fixture
async def editor(live_users: Users) -> httpx.AsyncClient:
    return await live_users.client(Role.EDITOR)


async def import_here(app: FastAPI, blog: Path) -> list[str]:
    report = Report()
    posts = importer.read_posts(files_in([blog]), Author("Ann"), report)
    await importer.PostImporter(app.state.database, app.state.settings, report).run(posts, lambda: None)
    return list(report.lines())


def do_meanwhile(monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile) -> None:
    """Once, while the first body is rendered."""
    waiting = [meanwhile]

    async def rendered(post: Post) -> RenderedArticle:
        while waiting:
            await waiting.pop()()
        return render_article(post.content.body_markdown)

    monkeypatch.setattr(importer, "_rendered", rendered)


async def test_a_slug_is_taken(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_meanwhile(monkeypatch, lambda: editor.post("/articles", json={"title": "Mine", "slug": "hello"}))

    lines = await import_here(live_app, blog)

    assert lines[0] == "created    2020-01-01-hello.md → hello-2020-01-01"
    assert (await editor.get("/articles/hello")).json()["title"] == "Mine"


async def test_an_article_is_edited(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_here(live_app, blog)
    write_post(blog / "2020-01-01-hello.md", "title: New")
    do_meanwhile(monkeypatch, lambda: editor.patch("/articles/hello", json={"title": "Mine"}))

    lines = await import_here(live_app, blog)

    assert lines[0] == "skipped    2020-01-01-hello.md: its article was just edited in the blog"
    assert (await editor.get("/articles/hello")).json()["title"] == "Mine"


async def test_the_same_is_imported_by_somebody_else(
    live_app: FastAPI, editor: httpx.AsyncClient, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_meanwhile(monkeypatch, lambda: import_here(live_app, blog))

    lines = await import_here(live_app, blog)

    assert lines[0].startswith("skipped    2020-01-01-hello.md: the database rejected it")
    assert [item["slug"] for item in (await editor.get("/articles")).json()["items"]] == ["hello"]


async def test_an_author_whose_account_was_deleted_gets_one_of_another_name(
    live_app: FastAPI, live_users: Users, blog: Path
) -> None:
    await live_users.user(username="deleted-7", deleted_at=clock.now())
    write_post(blog / "2020-01-02-bye.md", "author: deleted-7")

    lines = await import_here(live_app, blog)

    assert lines[0] == "created    2020-01-01-hello.md → hello"
    assert lines[2] == "New accounts to be claimed (2): ann, deleted-7-2."


async def test_an_author_registers(
    live_app: FastAPI, live_users: Users, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_meanwhile(monkeypatch, lambda: live_users.user(username="ann", hashed_password="a hash"))
    lines = await import_here(live_app, blog)
    assert lines[1] == "New accounts to be claimed (1): ann-2."


async def test_a_body_that_breaks_the_renderer_stops_no_other(
    live_app: FastAPI, blog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_post(blog / "2019-01-01-bad.md", body="bad\n")

    async def render(markdown: str, _account_id: int | None) -> RenderedArticle:
        if markdown == "bad\n":
            raise IndexError
        return render_article(markdown)

    monkeypatch.setattr(importer, "rendered_article", render)

    assert await import_here(live_app, blog) == [
        "created    2020-01-01-hello.md → hello",
        "skipped    2019-01-01-bad.md: its body cannot be rendered (IndexError)",
        "New accounts to be claimed (1): ann.",
        "1 created, 0 updated, 0 unchanged, 1 skipped.",
    ]
