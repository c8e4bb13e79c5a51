"""The only place where errors meet HTTP: every error becomes problem+json (RFC 9457)."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.errors import SecondFactorRequired
from app.api.links import location_under
from app.api.route_table import has_route
from app.core.errors import (
    AppError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    Moved,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    StorageFull,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from app.core.logging import request_id
from app.core.schemas.problem import (
    MAX_DETAIL_LENGTH,
    MAX_ERRORS,
    MAX_NAME_LENGTH,
    FieldProblem,
    Problem,
    SecondFactorChallenge,
)
from app.db.errors import is_conflict, is_full, is_transient
from app.db.postgresql import DatabaseUnreachable

MEDIA_TYPE = "application/problem+json"
_STATUSES: dict[type[AppError], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    Moved: HTTPStatus.PERMANENT_REDIRECT,
    Conflict: HTTPStatus.CONFLICT,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS: dict[HTTPStatus, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "5"},
}
_OF_SOME = {"second_factor", "slug", "location"}
# Python's own names for these change with its version.
_TITLES = {HTTPStatus(413): "Content Too Large", HTTPStatus(422): "Unprocessable Content"}
_log = logging.getLogger(__name__)


def status_of(error: type[AppError]) -> HTTPStatus:
    """The HTTP status for a domain error."""
    return next(status for category, status in _STATUSES.items() if issubclass(error, category))


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    """An error as the client gets it; `members` are those that only some errors have."""
    content = Problem(
        type="about:blank",
        title=_title_of(status),
        status=status,
        detail=_cut(detail, MAX_DETAIL_LENGTH),
        code=code,
        instance=request_id.get(),
        errors=list(errors),
        **members,
    )
    body = content.model_dump(exclude=_OF_SOME - members.keys())
    return JSONResponse(body, status, {**_HEADERS.get(status, {}), **(headers or {})}, media_type=MEDIA_TYPE)


def _title_of(status: HTTPStatus) -> str:
    return _TITLES.get(status, status.phrase)


async def _nothing(_request: Request) -> None:
    return None


def install(app: FastAPI, otherwise: Callable[[Request], Awaitable[Response | None]] = _nothing) -> None:
    """Make the app respond to all errors this way; `otherwise` may have an answer where no route has one."""
    app.add_exception_handler(AppError, _domain_error)
    app.add_exception_handler(Moved, _moved)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, partial(_http_error, otherwise))
    app.add_exception_handler(IntegrityError, _conflict)
    app.add_middleware(UnexpectedErrorMiddleware)


async def _domain_error(_request: Request, error: Any) -> JSONResponse:
    errors = [_field_problem(error.field, error.detail)] if error.field else []
    members = {}
    if isinstance(error, SecondFactorRequired):
        members["second_factor"] = SecondFactorChallenge(pending_token=error.pending_token, methods=error.methods)
    headers = error.headers if isinstance(error, PreconditionFailed | TooManyRequests) else None
    return problem(status_of(type(error)), error.code, error.detail, errors, headers, **members)


async def _moved(request: Request, error: Any) -> JSONResponse:
    location = location_under(request, error.former, error.slug)
    # Whoever keeps it asks again each time: it may move back.
    headers = {"Location": location, "Cache-Control": "no-cache"}
    status = status_of(type(error))
    return problem(status, error.code, error.detail, headers=headers, slug=error.slug, location=location)


async def _validation_error(_request: Request, error: Any) -> JSONResponse:
    # What was sent is not repeated: it may be a password.
    found = error.errors()
    errors = [_field_problem(_field_of(problem), _detail_of(problem)) for problem in found[:MAX_ERRORS]]
    detail = "The request is invalid."
    if len(found) > MAX_ERRORS:
        detail += f" These are the first {MAX_ERRORS} of {len(found)} errors."
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "validation_error", detail, errors)


def _field_problem(field: str, detail: str) -> FieldProblem:
    return FieldProblem(field=_cut(field, MAX_NAME_LENGTH), detail=_cut(detail, MAX_DETAIL_LENGTH))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _field_of(validation_problem: dict[str, Any]) -> str:
    """The field's name, as in domain errors: without saying whether it was in the body, the query or the path."""
    place, *inside = validation_problem["loc"]
    if not inside or validation_problem["type"] == "json_invalid":
        return str(place)
    return ".".join(str(part) for part in inside)


def _detail_of(validation_problem: dict[str, Any]) -> str:
    if validation_problem["type"] == "string_pattern_mismatch":
        # Instead of the pattern, which is in the schema and says nothing to a person.
        return "This is empty or contains characters that are not allowed."
    if validation_problem["type"] == "model_attributes_type":
        # What comes without the header is not even read as JSON.
        return "Send a JSON object with the header `Content-Type: application/json`."
    return str(validation_problem["msg"]).removeprefix("Value error, ")


async def _http_error(
    otherwise: Callable[[Request], Awaitable[Response | None]], request: Request, error: Any
) -> Response:
    """Errors of the framework itself: no such path, method not allowed, body too large."""
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND and not has_route(request.scope) and (answer := await otherwise(request)):
        return answer
    headers = {"Allow": _allowed_methods(request)} if status is HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem(status, _title_of(status).lower().replace(" ", "_"), str(error.detail), headers=headers)


def _allowed_methods(request: Request) -> str:
    """All methods that the path allows; the framework names only those of the first matching route."""
    path = request.scope["path"]
    routes = [route for route in iter_route_contexts(request.app.routes) if route.path_regex.match(path)]
    # A route further down may match too, but not mean this path: `/users/{user_id}` does `/users/me`.
    meant = [route for route in routes if route.path == routes[0].path]
    methods = {method for route in meant for method in route.methods or ()}
    # Whatever can be got, HeadMiddleware gets.
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


async def _conflict(_request: Request, error: Any) -> JSONResponse:
    """A constraint violation that no service expects: another request was faster."""
    if not is_conflict(error):
        return _response_to(error)
    _log.warning("a constraint was violated: %s", type(error.orig).__name__)
    return problem(HTTPStatus.CONFLICT, Conflict.code, "This conflicts with a change that was just made. Try again.")


class UnexpectedErrorMiddleware:
    """Responds to errors that nothing else has handled, inside the other middlewares, so that they see the response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            await _response_to(error)(scope, receive, send)


def _response_to(error: Exception) -> JSONResponse:
    if is_transient(error):
        # That it is away was said when it was found out, not again for every request that did not even try.
        level = logging.DEBUG if isinstance(error, DatabaseUnreachable) else logging.ERROR
        _log.log(level, "the database is unavailable: %r", getattr(error, "orig", None) or error)
        cause = StorageFull if is_full(error) else Unavailable
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, cause.code, cause.message)
    _log.error("unexpected error", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side.")
