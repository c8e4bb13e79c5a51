"""What scripts of other origins may do here (CORS)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.errors import problem
from app.api.idempotency import KEY, REPLAYED
from app.api.middleware.access_log import HEADER
from app.core.config import Settings

# What this API reads, and what libraries in browsers add by themselves to trace requests.
_MAY_SEND = [
    "Authorization",
    "Baggage",
    "Cache-Control",
    "Content-Type",
    KEY,
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Unmodified-Since",
    "Pragma",
    "Sentry-Trace",
    "Traceparent",
    "Tracestate",
    "X-Requested-With",
    HEADER,
]
_MAY_READ = [
    "Content-Disposition",
    "ETag",
    REPLAYED,
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    HEADER,
]
_NOT_OF_A_PROBLEM = {"content-length", "content-type"}


def cors_options(settings: Settings) -> dict[str, Any]:
    """What `CORSMiddleware` and `PreflightMiddleware` both have to know."""
    return {
        "allow_origins": settings.cors_origins,
        "allow_methods": ["*"],
        "allow_headers": _MAY_SEND,
        "allow_credentials": settings.auth_cookie != "off",
        "expose_headers": _MAY_READ,
    }


def is_preflight(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks what a script may do, before it lets it."""
    return scope["method"] == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


class PreflightMiddleware(CORSMiddleware):
    """Answers preflight requests, where every response gets its headers; `CORSMiddleware` itself is outside of that."""

    async def simple_response(self, scope: Scope, receive: Receive, send: Send, request_headers: Headers) -> None:
        await self.app(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == HTTPStatus.OK:
            return response
        kept = {name: value for name, value in response.headers.items() if name not in _NOT_OF_A_PROBLEM}
        refused = bytes(response.body).decode().removeprefix("Disallowed CORS ")
        detail = f"Not allowed across origins: {refused}."
        return problem(HTTPStatus.BAD_REQUEST, "cross_origin_refused", detail, headers=kept)
