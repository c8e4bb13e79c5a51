"""Who is anonymous: the one rule for the response cache, the fast reads and the dependencies of routes."""

import re
from collections.abc import Mapping

from starlette.types import Scope

# Reserved for sessions of the site's own pages, which there are none of yet.
SESSION_COOKIE = "colophon_session"
# The name is looked for anywhere, so that no two parsers of cookies can disagree about it. `in` takes twice as long.
_names_session = re.compile(re.escape(SESSION_COOKIE.encode())).search


def is_anonymous(scope: Scope, headers: Mapping[bytes, bytes] | None = None) -> bool:
    """Whether a request carries nothing that says who makes it: everybody gets the same response to it.

    What says so is an `Authorization` header, whatever is in it, or the cookie of a page session. Such a request is
    neither answered from the response cache nor does its response get there: the app answers it, for this person.

    All other cookies leave a request anonymous, and the app does not see them while it makes a response for the cache.
    That goes for what analytics and consent banners set, which nearly every browser sends, and for the refresh token
    too: reading ignores it, and browsers send it to its own path only. If it counted, readers who have logged in once
    would miss the cache for nothing.

    `headers` are those of the scope, if the caller has them as a mapping.
    """
    if headers is None:
        headers = dict(scope["headers"])
    if b"authorization" in headers:
        return False
    cookie = headers.get(b"cookie")
    if cookie is None:
        return True
    if _names_session(cookie):
        return False
    # If some header came twice, a mapping has only the last.
    return len(headers) == len(scope["headers"]) or not any(
        name == b"cookie" and _names_session(value) for name, value in scope["headers"]
    )
