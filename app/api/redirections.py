"""The answer that leads elsewhere, or says that what was here is gone: from `/resolve`, and instead of a 404."""

from http import HTTPStatus
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import JSONResponse

from app.api.deps import public_services
from app.api.errors import problem
from app.content.services.resolver import Redirection
from app.core.errors import Gone, Moved

# In a path, what was no UTF-8 has become this.
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
# What is here may change at any time.
_HEADERS = {"Cache-Control": "no-cache"}


def redirection_response(redirection: Redirection) -> JSONResponse:
    """As a problem document, for clients that do not follow by themselves."""
    status = HTTPStatus(redirection.status)
    if redirection.location is None:
        return problem(status, Gone.code, Gone.message, headers=_HEADERS)
    location = redirection.location
    headers = {**_HEADERS, "Location": location}
    return problem(status, Moved.code, f"This is at {location} now.", headers=headers, location=location)


async def redirection_of(request: Request) -> JSONResponse | None:
    """The answer to a request that no route serves, if a redirect leads from there."""
    path = request.scope["path"]
    if request.method not in {"GET", "HEAD"} or _UNREADABLE in path:
        return None
    services = await public_services(request)
    redirection = await services.content.resolver.redirected(None, quote(path))
    return redirection_response(redirection) if redirection is not None else None
