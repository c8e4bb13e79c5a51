"""The table of all routes with their rules, made once when the app is built: what middlewares know of paths."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope

from app.api.route_rules import RouteRules, rules_of
from app.cache.store import CacheKey

# Nothing that makes sense is longer; what is, is not cached.
_MAX_QUERY_LENGTH = 1000
# A path is as long as a server accepts: 64 KiB.
_REMEMBERED_PATHS = 256
_READING = "GET"


class Route:
    """One route: FastAPI's own description of it as `context`, and its rules."""

    def __init__(self, context: RouteContext) -> None:
        self.context = context
        self.template = context.path_format or ""
        self.path: re.Pattern[str] = context.path_regex
        self.methods = frozenset(context.methods or ())
        self.rules = rules_of(context.endpoint)
        self.max_body_bytes: int | None = getattr(context, "max_body_size", None)
        # FastAPI's description of the function's parameters; routes of Starlette have none.
        self.dependant: Dependant = getattr(context, "dependant", None) or Dependant()

    @property
    def response_model(self) -> Any:
        """What a successful answer shows; None if that is no model."""
        return getattr(self.context, "response_model", None)

    @property
    def calls(self) -> Iterator[Callable[..., Any]]:
        """The dependencies, and what they depend on."""
        return (dependant.call for dependant in _below(self.dependant) if dependant.call is not None)

    @property
    def reads_query(self) -> bool:
        """Whether any parameter is in the query."""
        return any(dependant.query_params for dependant in (self.dependant, *_below(self.dependant)))

    @property
    def reads_headers(self) -> bool:
        """Whether any parameter is in a header or a cookie."""
        dependants = (self.dependant, *_below(self.dependant))
        return any(dependant.header_params or dependant.cookie_params for dependant in dependants)


def _below(dependant: Dependant) -> Iterator[Dependant]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from _below(dependency)


def _adds_to(model: Any, shown: Collection[Any]) -> bool:
    return isinstance(model, type) and any(base in shown for base in model.__bases__)


class RouteTable:
    """The routes in the order in which they are looked for."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self.routes = [Route(context) for context in iter_route_contexts(routes) if context.path_format is not None]
        self._reading = [route for route in self.routes if _READING in route.methods]
        # What a GET shows, for others that answer with the same, and perhaps with something besides.
        self.shown = {route.response_model for route in self._reading} - {None}
        self.shown |= {route.response_model for route in self.routes if _adds_to(route.response_model, self.shown)}
        self.monitored = frozenset(route.template for route in self.routes if route.rules.is_for_monitoring)
        self._larger = [route for route in self.routes if route.max_body_bytes is not None]
        # Remembered, as the response cache asks for it with every request that has a query.
        self.public_reads_query = lru_cache(_REMEMBERED_PATHS)(self._public_reads_query)

    def read_at(self, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route that a GET of this path is for, with its parameters as they are in the path."""
        for route in self._reading:
            if found := route.path.match(path):
                return route, found.groupdict()
        return None

    def is_cacheable(self, key: CacheKey) -> bool:
        """Whether this may be cached at all: the path of a public route, with a query that is not too long."""
        path, query = key
        return len(query) <= _MAX_QUERY_LENGTH and self.public_reads_query(path) is not None

    def max_body_bytes(self, method: str, path: str) -> int | None:
        """How much may be sent, if the route has a bound of its own."""
        for route in self._larger:
            if method in route.methods and route.path.match(path):
                return route.max_body_bytes
        return None

    def _public_reads_query(self, path: str) -> bool | None:
        """Whether the public route with this path reads its query; None if there is no such route."""
        found = self.read_at(path)
        return found[0].reads_query if found is not None and found[0].rules.is_public else None


def has_route(scope: Scope) -> bool:
    """Whether a route was selected for a request."""
    return scope.get("fastapi", {}).get("effective_route_context") is not None


def selected_rules(scope: Scope) -> RouteRules:
    """The rules of the route that was selected for a request; the default ones if there is none."""
    return rules_of(getattr(selected_context(scope), "endpoint", None))


def selected_context(scope: Scope) -> Any:
    """FastAPI's description of the route that was selected for a request; None if there is none."""
    return scope.get("fastapi", {}).get("effective_route_context")
