"""Serves anonymous reads without FastAPI's routing and dependencies, which cost several times as much as the response.

Only plainly valid requests are served here: everything else (unknown parameters, missing objects, logged-in users) goes
on to the routes, which report any error. What is called here is the route's own function, for routes that are `public`.
"""

from typing import Any, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.anonymous import is_anonymous
from app.api.deps import get_actor, get_services, public_services
from app.api.route_table import Route, RouteTable
from app.core.errors import AppError


class _NotHereError(Exception):
    """The request is left to the routes."""


class FastRead:
    """Calls a route's function as FastAPI would for a valid anonymous request.

    Raises `TypeError` for a route that needs more than that: its function returns a `Response`, and takes the request,
    services, the actor, parameters of the path and one model of the query.
    """

    def __init__(self, route: Route) -> None:
        if not _is_callable_here(route):
            raise TypeError(
                f"GET {route.template} cannot be read fast: return a Response, take only the request, services, the "
                "actor, the path and a model of the query, or declare the route `public_through_fastapi`."
            )
        dependant = route.dependant
        self._function: Any = dependant.call
        self._request = dependant.request_param_name
        self._dependencies = {str(dependency.name): dependency.call for dependency in dependant.dependencies}
        self._path_fields = {field.name: field for field in dependant.path_params}
        self._query = next(((field.name, _Query(field)) for field in dependant.query_params), None)

    async def __call__(self, scope: Scope, in_path: dict[str, str]) -> Response:
        arguments: dict[str, Any] = {name: self._valid(name, value) for name, value in in_path.items()}
        if self._query is not None:
            name, query = self._query
            arguments[name] = query.read(scope["query_string"])
        request = Request(scope)
        for name, dependency in self._dependencies.items():
            arguments[name] = await public_services(request) if dependency is get_services else None
        if self._request is not None:
            arguments[self._request] = request
        response: Response = await self._function(**arguments)
        return response

    def _valid(self, name: str, value: str) -> Any:
        valid, errors = self._path_fields[name].validate(value)
        if errors:
            raise _NotHereError
        return valid


def _is_callable_here(route: Route) -> bool:
    dependant = route.dependant
    others = (
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.http_connection_param_name,
        dependant.body_params,
        dependant.header_params,
        dependant.cookie_params,
    )
    return (
        {dependency.call for dependency in dependant.dependencies} <= {get_services, get_actor}
        and all(dependency.name for dependency in dependant.dependencies)
        and all(_is_model(field) for field in dependant.query_params)
        and len(dependant.query_params) <= 1
        and {field.name for field in dependant.path_params} == set(route.context.param_convertors)
        and not any(others)
        and dependant.call.__annotations__.get("return") is Response
    )


def _is_model(field: Any) -> bool:
    return isinstance(field.field_info.annotation, type) and issubclass(field.field_info.annotation, BaseModel)


class _Query:
    """The query of a request, as a model."""

    def __init__(self, field: Any) -> None:
        self._model: type[BaseModel] = field.field_info.annotation
        fields = self._model.model_fields.items()
        self._lists = {name for name, info in fields if get_origin(info.annotation) is list}

    def read(self, query: bytes) -> BaseModel:
        values: dict[str, Any] = {}
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name in self._lists:
                values.setdefault(name, []).append(value)
            elif name in values or not value:
                raise _NotHereError
            else:
                values[name] = value
        return self._model.model_validate(values)


class FastReadsMiddleware:
    """Innermost middleware around the routes."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self._app = app
        self._table = table
        self._reads = {route: FastRead(route) for route in table.routes if route.rules.is_fast}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(scope) if _may_be_served_here(scope) else None
        await (response or self._app)(scope, receive, send)

    async def _respond(self, scope: Scope) -> Response | None:
        found = self._table.read_at(scope["path"])
        read = found and self._reads.get(found[0])
        if not found or not read:
            return None
        try:
            response = await read(scope, found[1])
        except (AppError, ValidationError, _NotHereError):
            return None
        scope.setdefault("fastapi", {})["effective_route_context"] = found[0].context
        return response


def _may_be_served_here(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "GET" and is_anonymous(scope)
