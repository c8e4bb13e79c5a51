"""Serves the most frequent anonymous reads without the routes, which cost several times as much as the response.

Only plainly valid requests are served here: everything else (unknown parameters, missing objects, logged-in users) goes
on to the routes, which report any error. Routes and this middleware call the same services.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.anonymous import is_anonymous
from app.api.deps import public_services
from app.api.responses import json_response, page_response
from app.comments.schemas import CommentListQuery
from app.content.schemas.articles import ArticleListQuery
from app.core.errors import AppError
from app.core.schemas.pages import PageQuery

Q = TypeVar("Q", bound=PageQuery)
_SLUG = r"(?P<slug>[a-z0-9-]{1,120})"
# May be given several times.
_MANY = "tag"


class _NotHereError(Exception):
    """The request is left to the routes."""


@dataclass(frozen=True)
class _Route:
    """A path that is read often, with its template as the routes have it, for logs and metrics."""

    path_format: str
    path: re.Pattern[str]
    read: Callable[[Request, str], Awaitable[Response]]


async def _articles(request: Request, _slug: str) -> Response:
    query = _query_of(request, ArticleListQuery)
    services = await public_services(request)
    return page_response(request, await services.content.articles.list(None, query))


async def _article(request: Request, slug: str) -> Response:
    services = await public_services(request)
    return json_response(await services.content.articles.get(None, slug))


async def _comments(request: Request, slug: str) -> Response:
    query = _query_of(request, CommentListQuery)
    services = await public_services(request)
    return page_response(request, await services.comments.list(None, slug, query))


_ROUTES = [
    _Route(f"/api/v1/articles{path_format}", re.compile(f"/api/v1/articles{path}"), read)
    for path_format, path, read in (
        ("", "", _articles),
        ("/{slug}", f"/{_SLUG}", _article),
        ("/{slug}/comments", f"/{_SLUG}/comments", _comments),
    )
]


class FastReadsMiddleware:
    """Innermost middleware around the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await _respond(scope) if _may_be_served_here(scope) else None
        await (response or self._app)(scope, receive, send)


def _may_be_served_here(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and is_anonymous(scope)


async def _respond(scope: Scope) -> Response | None:
    for route in _ROUTES:
        if found := route.path.fullmatch(scope["path"]):
            try:
                response = await route.read(Request(scope), found.groupdict().get("slug", ""))
            except (AppError, ValidationError, _NotHereError):
                return None
            scope["fastapi"] = {"effective_route_context": route}
            return response
    return None


def _query_of(request: Request, model: type[Q]) -> Q:
    values: dict[str, Any] = {}
    for name, value in parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if name == _MANY:
            values.setdefault(name, []).append(value)
        elif name in values or not value:
            raise _NotHereError
        else:
            values[name] = value
    return model.model_validate(values)
