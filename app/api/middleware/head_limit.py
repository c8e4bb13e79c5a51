"""Refuses requests with more query parameters or headers than any client of this API sends."""

from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem
from app.core.schemas.problem import FieldProblem

MAX_PARAMETERS = 100
MAX_HEADERS = 100
_TOO_MANY_PARAMETERS = f"The query has more than {MAX_PARAMETERS} parameters."
_TOO_MANY_HEADERS = f"The request has more than {MAX_HEADERS} headers."


class HeadLimitMiddleware:
    """Counts them, before anything makes parameters of the query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            if len(scope["headers"]) > MAX_HEADERS:
                app = problem(HTTPStatus(431), "request_header_fields_too_large", _TOO_MANY_HEADERS)
            elif scope["query_string"].count(b"&") >= MAX_PARAMETERS:
                errors = [FieldProblem(field="query", detail=_TOO_MANY_PARAMETERS)]
                app = problem(HTTPStatus(422), "validation_error", _TOO_MANY_PARAMETERS, errors)
        await app(scope, receive, send)
