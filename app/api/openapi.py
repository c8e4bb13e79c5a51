"""What the OpenAPI schema says beyond what FastAPI finds out by itself: the errors of each route.

Dependencies declare what they raise (`app.api.raising`); routes list what is theirs, with `raises`.
"""

from collections import defaultdict
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.deps import takes_key
from app.api.errors import MEDIA_TYPE, status_of
from app.api.examples import Examples
from app.api.idempotency import REPEATED_METHODS
from app.api.openapi_conditions import describe_conditions
from app.api.openapi_tags import tags_of
from app.api.raising import errors_raised_by
from app.api.route_table import Route, RouteTable
from app.core.errors import AppError, Conflict, InvalidPrecondition, PreconditionFailed
from app.core.schemas.problem import Problem
from app.idempotency.errors import IdempotencyKeyNotSupported

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_FORM = "application/x-www-form-urlencoded"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_MOVED = {"301", "302", "307", "308"}
_LOCATION = {"Location": {"description": "Where it is now.", "schema": {"type": "string"}}}
_INVALID = "`validation_error`: The request is invalid."
_AWAY = "`unavailable`: The database is unavailable.\n\n`storage_full`: Storage is full."
_CONFLICT = f"`{Conflict.code}`: This conflicts with a change that was just made. Try again."
_CHANGED = f"`{PreconditionFailed.code}`: {PreconditionFailed.message}"
_NO_TAGS = f"`{InvalidPrecondition.code}`: {InvalidPrecondition.message}"
_NO_KEY = f"`{IdempotencyKeyNotSupported.code}`: {IdempotencyKeyNotSupported.message}"
# Of every request that has a body.
_BODY = {
    "400": "`bad_request`: The request body cannot be read.",
    "408": "`request_timeout`: The request body did not arrive in time.",
    "413": "`content_too_large`: The request body is too large.",
    "415": "`unsupported_content_encoding`: The request body is compressed.",
}


def raises(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may fail in these ways."""
    codes: dict[int, list[str]] = defaultdict(list)
    for error in errors:
        codes[status_of(error)].append(f"`{error.code}`" + (f": {error.message}" if "message" in vars(error) else ""))
    return {int(status): {"description": "\n\n".join(lines)} for status, lines in sorted(codes.items())}


def install(app: FastAPI, root_path: str = "") -> None:
    """Have the app publish a schema in which every error is a `Problem`; `root_path` is where a proxy serves it."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=tags_of(app),
                    servers=[{"url": root_path}] if root_path else None,
                ),
                RouteTable(app.routes),
            )
            flows = app.openapi_schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]
            flows["password"]["tokenUrl"] = f"{root_path}{app.url_path_for('log_in')}"
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any], table: RouteTable) -> dict[str, Any]:
    components = schema["components"]["schemas"]
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(model.pop("$defs"), Problem=model)
    for route in table.routes:
        for method in route.methods:
            operation = schema["paths"].get(route.template, {}).get(method.lower())
            if operation is not None:
                describe_conditions(operation, route, method, table)
                _describe(operation, route, method)
                _offer_json(operation.get("requestBody", {}).get("content", {}), components)
    Examples(schema).add()
    return schema


def _describe(operation: dict[str, Any], route: Route, method: str) -> None:
    if route.rules.is_public and "security" in operation:
        # Anonymous clients may use it too, although it may show more to those who are logged in.
        operation["security"] = [*operation["security"], {}]
    responses = operation["responses"]
    # FastAPI's own description says less.
    if responses.get("422", {}).get("description") == "Validation Error":
        del responses["422"]
    # The database can be away, unless the route has a 503 of another form.
    if "content" not in responses.get("503", {}):
        _add(responses, "503", _AWAY)
    for status, description in _errors_of_any(operation, route, method).items():
        _add(responses, status, description)
    for dependency in route.calls:
        for code, described in raises(*errors_raised_by(dependency)).items():
            _add(responses, str(code), described["description"])
    _make_problems(responses)
    operation["responses"] = dict(sorted(responses.items()))
    for parameter in operation.get("parameters", ()):
        _drop_null(parameter)


def _make_problems(responses: dict[str, Any]) -> None:
    """Say in which form a request fails, or learns where to go."""
    for status, response in responses.items():
        if status in _MOVED:
            response["headers"] = _LOCATION
        if status >= "400" or status in _MOVED:
            response["content"] = {MEDIA_TYPE: {"schema": _SCHEMA}}


def _offer_json(content: dict[str, Any], components: dict[str, Any]) -> None:
    """Say that what may be sent as a form may be sent as JSON.

    As a schema of its own, because generated clients tell by its type as what they send something.
    """
    if _FORM in content:
        name = content[_FORM]["schema"]["$ref"].rpartition("/")[2]
        as_json = f"{name}AsJson"
        components[as_json] = {**components[name], "title": as_json}
        content["application/json"] = {"schema": {"$ref": f"#/components/schemas/{as_json}"}}


def _errors_of_any(operation: dict[str, Any], route: Route, method: str) -> dict[str, str]:
    """Whatever the route, the input can be wrong, and another request faster."""
    is_safe = method in _SAFE_METHODS
    refuses_key = method in REPEATED_METHODS and not takes_key(route.calls)
    return {
        "422": "\n\n".join((_INVALID, *([] if is_safe else [_NO_TAGS]), *([_NO_KEY] if refuses_key else []))),
        **({} if is_safe else {"409": _CONFLICT, "412": _CHANGED}),
        **(_BODY if "requestBody" in operation else {}),
    }


def _add(responses: dict[str, Any], status: str, description: str) -> None:
    """Add the errors of a description, a paragraph each, that are not there yet."""
    response = responses.setdefault(status, {"description": ""})
    there = response["description"].split("\n\n") if response["description"] else []
    added = [error for error in description.split("\n\n") if error not in there]
    response["description"] = "\n\n".join([*there, *added])


def _drop_null(parameter: dict[str, Any]) -> None:
    """A query cannot say null: what is optional there is left out."""
    choices = [choice for choice in parameter["schema"].pop("anyOf", []) if choice != {"type": "null"}]
    if choices:
        parameter["schema"] |= choices[0] if len(choices) == 1 else {"anyOf": choices}
