"""What the OpenAPI schema says beyond what FastAPI finds out by itself: the errors of each route."""

from collections import defaultdict
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.accounts.errors import InsufficientScope
from app.api.errors import MEDIA_TYPE, status_of
from app.api.examples import Examples
from app.api.openapi_tags import tags_of
from app.core.errors import AppError
from app.core.schemas.problem import Problem

_INSUFFICIENT_SCOPE = f"`{InsufficientScope.code}`: {InsufficientScope.message}"
_SCHEMA = {"$ref": "#/components/schemas/Problem"}
# The `openapi_extra` of a route that anonymous clients may use too, although it shows more to those who are logged in.
LOGIN_OPTIONAL: dict[str, Any] = {"security": [{}]}


def raises(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may fail in these ways."""
    codes: dict[int, list[str]] = defaultdict(list)
    for error in errors:
        codes[status_of(error)].append(f"`{error.code}`: {error.message}" if "message" in vars(error) else error.code)
    return {int(status): {"description": "\n\n".join(lines)} for status, lines in sorted(codes.items())}


def install(app: FastAPI) -> None:
    """Have the app publish a schema in which every error is a `Problem`."""

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=tags_of(app),
                )
            )
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]["schemas"]
    components.pop("HTTPValidationError", None)
    components.pop("ValidationError", None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(model.pop("$defs"), Problem=model)
    for path in schema["paths"].values():
        for operation in path.values():
            _describe_errors(operation)
            for parameter in operation.get("parameters", ()):
                _drop_null(parameter)
    Examples(schema).add()
    return schema


def _describe_errors(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    # Whatever the route, the input can be wrong and the database can be away.
    invalid = responses.setdefault("422", {})
    invalid["description"] = "\n\n".join(filter(None, ["`validation_error`: The request is invalid.", _codes(invalid)]))
    if "security" in operation:
        # Whatever else is refused, a personal access token may not have been made for it.
        forbidden = responses.setdefault("403", {})
        forbidden["description"] = "\n\n".join(filter(None, [_INSUFFICIENT_SCOPE, forbidden.get("description")]))
    away = "`unavailable`: The database is unavailable.\n\n`storage_full`: Storage is full."
    responses.setdefault("503", {"description": away})
    if "requestBody" in operation:
        responses.setdefault("400", {"description": "`bad_request`: The request body cannot be read."})
        responses.setdefault("408", {"description": "`request_timeout`: The request body did not arrive in time."})
        responses.setdefault("413", {"description": "`content_too_large`: The request body is too large."})
        responses.setdefault("415", {"description": "`unsupported_content_encoding`: The request body is compressed."})
    for status, response in responses.items():
        if status >= "400":
            response["content"] = {MEDIA_TYPE: {"schema": _SCHEMA}}


def _drop_null(parameter: dict[str, Any]) -> None:
    """A query cannot say null: what is optional there is left out."""
    choices = [choice for choice in parameter["schema"].pop("anyOf", []) if choice != {"type": "null"}]
    if choices:
        parameter["schema"] |= choices[0] if len(choices) == 1 else {"anyOf": choices}


def _codes(response: dict[str, Any]) -> str:
    """What a route itself declared; FastAPI's own description is replaced."""
    description = str(response.get("description", ""))
    return "" if description == "Validation Error" else description
