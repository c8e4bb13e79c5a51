"""The `Link` header that leads from one page of a list to the next."""

from typing import Any

from fastapi import Request, Response

from app.services.paging import Slice


class NextLink:
    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def on(self, page: Slice[Any]) -> Slice[Any]:
        """The same page, its answer carrying a link to the next one if there is one."""
        if page.next_cursor is not None:
            # A relative link: the address that the client used is the proxy's, not ours.
            url = self._request.url.remove_query_params("skip").include_query_params(cursor=page.next_cursor)
            self._response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return page
