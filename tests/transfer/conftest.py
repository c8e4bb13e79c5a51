import anyio.to_thread
import pytest

from app.content.markup import RenderedArticle, render_article
from app.transfer.importing import importer


@pytest.fixture(autouse=True)
def rendered_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies are rendered in this process: every import has an event loop, and so would start one, of its own."""

    async def render(markdown: str, _account_id: int | None) -> RenderedArticle:
        return await anyio.to_thread.run_sync(render_article, markdown)

    monkeypatch.setattr(importer, "rendered_article", render)
