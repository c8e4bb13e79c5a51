"""Rendering Markdown without blocking other requests, and with a timeout.

Some texts take minutes or gigabytes to render, however good the renderer. Articles, which may be long, are rendered in
a separate process that can be killed.
"""

import resource
from functools import cache

import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter

from app.content.errors import TooComplex
from app.content.markup import RenderedArticle, render_article

ARTICLE_SECONDS = 15
_ARTICLE_BYTES = 2 * 1024**3
_MAX_CONCURRENT = 2
# The HTML of a text of references can grow with the square of its length.
_GROWTH = 10
_GROWTH_FREE = 50_000


async def rendered_article(markdown: str) -> RenderedArticle:
    """The article's HTML and what is derived from it. Raises `TooComplex`."""
    async with _limiter():
        try:
            with anyio.fail_after(ARTICLE_SECONDS):
                return await anyio.to_process.run_sync(_render_within_bounds, markdown, cancellable=True)
        except (TimeoutError, MemoryError, RecursionError, BrokenWorkerProcess) as error:
            raise TooComplex(field="body_markdown") from error


@cache
def _limiter() -> CapacityLimiter:
    return CapacityLimiter(_MAX_CONCURRENT)


def _render_within_bounds(markdown: str) -> RenderedArticle:
    """Runs in the other process, with a memory limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_ARTICLE_BYTES, hard))
    rendered = render_article(markdown)
    require_proportion(markdown, rendered.html)
    return rendered


def require_proportion(markdown: str, html: str) -> None:
    """Require that the HTML is not disproportionately longer than its Markdown. Raises `TooComplex`."""
    if len(html) > _GROWTH_FREE + _GROWTH * len(markdown):
        raise TooComplex(field="body_markdown")
