"""Rendering Markdown without blocking other requests, and with a timeout.

Some texts take minutes or gigabytes to render, however good the renderer. Articles, which may be long, are rendered in
a separate process that can be killed.
"""

import logging
import resource
from functools import cache

import anyio.to_process
from anyio import BrokenWorkerProcess, CapacityLimiter

from app.content.errors import RenderingUnavailable, TooComplex
from app.content.markup import RenderedArticle, render_article
from app.content.turns import Turns

ARTICLE_SECONDS = 15
_ARTICLE_BYTES = 2 * 1024**3
_MAX_CONCURRENT = 2
# The HTML of a text of references can grow with the square of its length.
_GROWTH = 10
_GROWTH_FREE = 50_000
# The process was killed, or the system has no room for one.
_BROKEN = (BrokenWorkerProcess, OSError)
_log = logging.getLogger(__name__)


async def rendered_article(markdown: str, account_id: int | None) -> RenderedArticle:
    """The article's HTML and what is derived from it, when it is the account's turn; `None` is the command line.

    Raises `TooComplex` or `RenderingUnavailable`.
    """
    async with _turns().turn(account_id):
        try:
            return await _render_elsewhere(markdown)
        except _BROKEN:
            # Whoever killed it, the text may not be to blame; a process for which memory is short may be chosen again.
            _log.warning("A rendering process was killed, or none could be started; the text is rendered once more.")
        try:
            return await _render_elsewhere(markdown)
        except _BROKEN as error:
            _log.error("No rendering process lasted long enough; the text is not rendered.")
            raise RenderingUnavailable from error


async def _render_elsewhere(markdown: str) -> RenderedArticle:
    try:
        with anyio.fail_after(ARTICLE_SECONDS):
            return await anyio.to_process.run_sync(
                _render_within_bounds, markdown, cancellable=True, limiter=_processes()
            )
    except (TimeoutError, MemoryError, RecursionError) as error:
        raise TooComplex(field="body_markdown") from error


@cache
def _turns() -> Turns:
    return Turns(_MAX_CONCURRENT)


@cache
def _processes() -> CapacityLimiter:
    # Instead of the library's own, by which texts would wait for a processor while their time runs.
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
