"""Who is anonymous: the one rule for the response cache, the fast reads and the dependencies of routes."""

from collections.abc import Container

from starlette.types import Scope

# The session of whoever is logged in to the site's own pages.
SESSION_COOKIE = "colophon_session"
_SESSION_COOKIE = SESSION_COOKIE.encode()


def is_anonymous(scope: Scope, names: Container[bytes] | None = None) -> bool:
    """Whether a request carries nothing that says who makes it: everybody gets the same response to it.

    What says so is an `Authorization` header, whatever is in it, or the cookie of a page session. Such a request is
    neither answered from the response cache nor does its response get there: the app answers it, for this person.

    All other cookies leave a request anonymous, and the app does not see them while it makes a response for the cache.
    That goes for what analytics and consent banners set, which nearly every browser sends, and for the refresh token
    too: reading ignores it, and browsers send it to its own path only. If it counted, readers who have logged in once
    would miss the cache for nothing.

    `names` are those of the request's headers, if the caller has them at hand.
    """
    headers = scope["headers"]
    if names is None:
        names = [name for name, _ in headers]
    if b"authorization" in names:
        return False
    # Found anywhere in the header, so that no two parsers of cookies can disagree about it. Headers may come twice.
    return b"cookie" not in names or not any(name == b"cookie" and _SESSION_COOKIE in value for name, value in headers)
