"""The `Link` header that leads from one page of a list to the next."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from app.db.paging import PageResult

# The cursor says how far a list has been read.
_REPLACED = {"skip", "cursor"}


class NextLink:
    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def on(self, page: PageResult[Any]) -> PageResult[Any]:
        """The same page; a link to the next one, if there is one, is added to the response."""
        if page.next_cursor is not None:
            self._response.headers["Link"] = link_to(self._request, page.next_cursor)
        return page


def link_to(request: Request, cursor: str) -> str:
    """A relative link to the same list after this cursor: the client's URL is the proxy's, not ours."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in _REPLACED]
    path = quote(f"{request.app.state.settings.root_path}{request.url.path}")
    return f'<{path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
