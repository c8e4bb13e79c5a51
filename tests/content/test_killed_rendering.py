"""Something outside of the blog kills the process that renders, as systems do when memory is short."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from app.content import rendering
from app.content.markup import RenderedArticle, render_article
from tests.support.problems import problem_in
from tests.support.writing import read

# Processes are started.
pytestmark = pytest.mark.process


def render_unless_killed(path: str) -> RenderedArticle:
    """Runs in the other process. The file at the path has a character for each time that it is still to be killed."""
    file = Path(path)
    if left := file.read_text():
        file.write_text(left[1:])
        os.kill(os.getpid(), signal.SIGKILL)
    return render_article("*Rendered*")


async def test_a_text_whose_process_was_killed_is_rendered_by_another(
    author: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "_render_within_bounds", render_unless_killed)
    kills = tmp_path / "kills"
    kills.write_text("x")

    written = await author.post("/articles", json={"title": "Killed", "body_markdown": str(kills)})

    assert written.status_code == 201
    assert written.json()["body_html"] == "<p><em>Rendered</em></p>\n"
    assert not kills.read_text()


async def test_if_that_is_killed_too_it_is_not_the_authors_fault(
    author: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "_render_within_bounds", render_unless_killed)
    kills = tmp_path / "kills"
    kills.write_text("xx")
    data = {"title": "Killed", "body_markdown": str(kills)}

    refused = await author.post("/articles", json=data)
    problem_in(refused, 503, "rendering_unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert (await read(author, "/articles", status="draft"))["items"] == []

    assert (await author.post("/articles", json=data)).status_code == 201


async def test_nor_is_a_system_without_room_for_a_process(
    author: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_room(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr("anyio.to_process.run_sync", no_room)

    refused = await author.post("/articles", json={"title": "Unlucky", "body_markdown": "Text"})

    problem_in(refused, 503, "rendering_unavailable")
