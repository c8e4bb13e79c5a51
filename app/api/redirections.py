"""The answer that leads elsewhere, or says that what was here is gone: from `/resolve`, and instead of a 404."""

from dataclasses import replace
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
    path, state = request.scope["path"], request.app.state
    # An app that has not been started has nowhere to look.
    if request.method not in {"GET", "HEAD"} or _UNREADABLE in path or not hasattr(state, "database"):
        return None
    services = await public_services(request)
    redirection = await services.content.resolver.redirected(None, quote(path))
    return redirection_response(_from_outside(redirection, state.settings.root_path)) if redirection else None


def _from_outside(redirection: Redirection, root_path: str) -> Redirection:
    """As it is found through a proxy that serves the blog below a path."""
    location = redirection.location
    is_here = location is not None and location.startswith("/")
    return replace(redirection, location=f"{root_path}{location}") if is_here else redirection
