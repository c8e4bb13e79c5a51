"""Rendering comments in a thread: they are short and take less than a second."""

from functools import cache

import anyio.to_thread
from anyio import CapacityLimiter

from app.comments.errors import EmptyComment
from app.content.markup import render_comment, shows_something
from app.content.rendering import require_proportion


async def rendered_comment(markdown: str) -> str:
    """The comment's HTML. Raises `TooComplex` or `EmptyComment`."""
    html = await anyio.to_thread.run_sync(render_comment, markdown, limiter=_one_at_a_time())
    if not shows_something(html):
        raise EmptyComment(field="body_markdown")
    require_proportion(markdown, html)
    return html


@cache
def _one_at_a_time() -> CapacityLimiter:
    return CapacityLimiter(1)
