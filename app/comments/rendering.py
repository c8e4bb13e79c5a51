"""Rendering comments in a thread: they are short and take less than a second."""

from functools import cache

import anyio.to_thread

from app.comments.errors import EmptyComment
from app.content.markup import render_comment, shows_something
from app.content.rendering import require_proportion
from app.content.turns import Turns


async def rendered_comment(markdown: str, account_id: int | None) -> str:
    """The comment's HTML, when it is the account's turn; `None` is the command line.

    Raises `TooComplex`, `EmptyComment` or `RenderingUnavailable`.
    """
    async with _turns().turn(account_id):
        html = await anyio.to_thread.run_sync(render_comment, markdown)
    if not shows_something(html):
        raise EmptyComment(field="body_markdown")
    require_proportion(markdown, html)
    return html


@cache
def _turns() -> Turns:
    return Turns(at_once=1)
