"""What the OpenAPI schema says of entity tags and preconditions: the same of every operation of a kind."""

from typing import Any

from app.api.route_table import Route, RouteTable

_READING = "GET"
_REPLACING = "PUT"
_CONDITIONAL = {"PUT", "PATCH", "DELETE"}
_SUCCESSES = {"200", "201"}
_TAG = {"type": "string", "examples": ['"42.7-0d4a1e6b8c2f9a3b5d7e1c80"']}
_IF_MATCH = "The `ETag` of what is to be changed, or `*` for whatever is there. The request fails if it has changed."
_IF_NONE_MATCH = "The `ETag` of what the client has. It is not sent again unless it has changed."
_CREATE_ONLY = "`*` creates only: the request fails if there is something to be replaced."
_NOT_MODIFIED = {"description": "The client has this already: `If-None-Match` names its `ETag`."}
_ETAG = {"description": "Stands for what is shown, in `If-Match` and `If-None-Match`.", "schema": _TAG}


def describe_conditions(operation: dict[str, Any], route: Route, method: str, table: RouteTable) -> None:
    """Add the headers with which a client says what it has seen, and those that tell it."""
    responses = operation["responses"]
    if method in _CONDITIONAL:
        _add_header(operation, "If-Match", _IF_MATCH)
    if method == _REPLACING:
        _add_header(operation, "If-None-Match", _CREATE_ONLY)
    if method != _READING and route.response_model not in table.shown:
        return
    shown = [responses[status] for status in _SUCCESSES & responses.keys() if _is_json(responses[status])]
    for response in shown:
        response["headers"] = {**response.get("headers", {}), "ETag": _ETAG}
    if method == _READING and shown:
        _add_header(operation, "If-None-Match", _IF_NONE_MATCH)
        responses["304"] = _NOT_MODIFIED


def _is_json(response: dict[str, Any]) -> bool:
    return "application/json" in response.get("content", {})


def _add_header(operation: dict[str, Any], name: str, description: str) -> None:
    header = {"name": name, "in": "header", "required": False, "description": description, "schema": dict(_TAG)}
    operation["parameters"] = [*operation.get("parameters", ()), header]
