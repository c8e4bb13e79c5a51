"""Outermost middleware around the routes: gives every request an id, counts and times it, and logs one line."""

import logging
import re
from functools import lru_cache, partial
from time import perf_counter
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.route_table import selected_rules
from app.core import metrics
from app.core.current_request import CurrentRequest, current_request, new_request_id
from app.core.logging import request_id

HEADER = "X-Request-ID"
_RAW_HEADER = HEADER.lower().encode()
# A proxy's id is kept if it is harmless to log.
ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Any word can be sent as a method, and any path: they must not become ever more metrics.
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_UNMATCHED = "unmatched"
_FAILED = 500
_log = logging.getLogger("app.access")


class _Series(NamedTuple):
    """The metrics of one kind of request."""

    total: metrics.Counter
    seconds: metrics.Histogram


class AccessLogMiddleware:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        identifier = _identifier_of(scope)
        request = CurrentRequest(partial(_route_of, scope))
        status = _FAILED
        is_over = False

        async def watch(message: Message) -> None:
            nonlocal status, is_over
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_RAW_HEADER, identifier.encode())]
            await send(message)
            # What the app does after its answer is not part of how long the answer took.
            if message["type"] == "http.response.body" and not message.get("more_body"):
                is_over = True
                _account_for(scope, request, status, perf_counter() - began)

        id_token = request_id.set(identifier)
        request_token = current_request.set(request)
        metrics.requests_in_progress.inc()
        try:
            await self._app(scope, receive, watch)
        finally:
            if not is_over:
                _account_for(scope, request, status, perf_counter() - began)
            metrics.requests_in_progress.dec()
            current_request.reset(request_token)
            request_id.reset(id_token)


def _identifier_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _RAW_HEADER and ACCEPTABLE.fullmatch(value):
            return str(value, "ascii")
    return new_request_id()


def _route_of(scope: Scope) -> str | None:
    """The template of the whole path; `scope["route"]` has only the innermost router's part of it."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    return None if context is None else str(context.path_format)


@lru_cache(maxsize=4096)
def _series_of(method: str, route: str, status: int) -> _Series:
    """Cached: looking up the labels takes longer than counting."""
    return _Series(metrics.requests_total.labels(method, route, status), metrics.request_seconds.labels(method, route))


def _account_for(scope: Scope, request: CurrentRequest, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    route = request.route
    series = _series_of(method, route or _UNMATCHED, int(status))
    series.total.inc()
    series.seconds.observe(seconds)
    # Machines ask every few seconds; a line each would hide the others.
    level = logging.DEBUG if selected_rules(scope).is_for_monitoring else logging.INFO
    if not _log.isEnabledFor(level):
        return
    fields = {
        "method": method,
        "route": route,
        "status": int(status),
        "duration_ms": round(seconds * 1000, 1),
        "queries": request.queries,
        "query_ms": round(request.query_seconds * 1000, 1),
        "user_id": request.user_id,
    }
    _log.log(level, "request", extra=fields)
