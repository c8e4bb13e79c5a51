"""Links in headers: `Link` from one page of a list to the next, and `Location` to where something has moved."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from app.db.paging import PageResult

# Where in the scope the response cache leaves the query that was sent, of which the app gets what routes read.
SENT_QUERY = "colophon.sent_query"
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


def location_under(request: Request, former: str, slug: str) -> str:
    """The address of a request, with another slug in its path and the same query."""
    template: str = request.scope["fastapi"]["effective_route_context"].path_format
    # The first of these: what lies below may be a number, as a slug may.
    named = next(name for name, value in request.path_params.items() if value == former)
    segments = {**request.path_params, named: slug}
    path = template.format_map({name: quote(str(segment), safe="") for name, segment in segments.items()})
    query: bytes = request.scope.get(SENT_QUERY, request.scope["query_string"])
    return quote(request.app.state.settings.root_path) + path + (f"?{query.decode('latin-1')}" if query else "")
