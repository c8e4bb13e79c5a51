"""Reads the body of a request last: after it is known who sends it, and whether they may send anything at all.

FastAPI itself reads and parses the body first, so that anybody could keep the server busy with what is refused anyway.
"""

import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request, Response, params
from fastapi._compat import ModelField
from fastapi.dependencies.utils import get_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, _effective_route_context_var

from app.api.deps import takes_key
from app.api.idempotency import REPEATED_METHODS, answering_retries, refusing_keys
from app.api.json_bodies import parsed_json
from app.api.route_rules import rules_of

# The only form is the one to log in with.
MAX_FORM_FIELDS = 20
# A password of 1,024 characters that are all percent-encoded fits.
MAX_FORM_PART_BYTES = 16 * 1024
_URLENCODED = "application/x-www-form-urlencoded"
_NOTHING = object()
_UNREADABLE = "The request body cannot be read."


class BodyLastRoute(APIRoute):
    """A route that solves its dependencies before it reads the body, and answers retries where it is declared to.

    For the `route_class` of every router.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        # A router that includes this route has it handled with a description of its own.
        included = _effective_route_context_var.get()
        route: Any = included if included is not None and included.original_route is self else self
        dependant, field = route.dependant, route.body_field
        # What was answered before is looked up when it is known that the request may be made.
        dependencies = sorted(dependant.dependencies, key=lambda each: takes_key([each.call]))
        is_keyed = takes_key(each.call for each in dependencies)
        if field is not None:
            dependencies.append(get_dependant(path=route.path_format, call=BodyReader(field), name=field.name))
        route.dependant = replace(dependant, dependencies=dependencies, body_params=[])
        route.body_field = None
        try:
            handler = super().get_route_handler()
        finally:
            # For the OpenAPI document.
            route.dependant, route.body_field = dependant, field
        if is_keyed:
            return answering_retries(handler)
        if REPEATED_METHODS.isdisjoint(self.methods or ()):
            return handler
        return refusing_keys(handler, rules_of(self.endpoint).no_idempotency_key)


class BodyReader:
    """A dependency: the body of a request, validated. Where a form is expected, JSON is taken as well."""

    def __init__(self, field: ModelField) -> None:
        self._field = field
        self._is_form = isinstance(field.field_info, params.Form)

    async def __call__(self, request: Request) -> Any:
        try:
            sent = await self._sent(request)
        except json.JSONDecodeError as error:
            raise RequestValidationError([_error("json_invalid", "JSON decode error")]) from error
        except (ValueError, RecursionError) as error:
            raise HTTPException(400, _UNREADABLE) from error
        if sent is _NOTHING:
            return self._omitted()
        value, errors = self._field.validate(sent, {}, loc=("body",))
        if errors:
            raise RequestValidationError(errors)
        return value

    async def _sent(self, request: Request) -> Any:
        """What was sent: a value of JSON, the fields of a form or, if it is neither, mere bytes."""
        is_json = _is_json(request.headers.get("Content-Type", ""))
        if self._is_form and not is_json:
            return await _form(request)
        body = await request.body()
        if not body:
            return _NOTHING
        return parsed_json(body) if is_json else body

    def _omitted(self) -> Any:
        if self._field.field_info.is_required():
            raise RequestValidationError([_error("missing", "Field required")])
        return self._field.get_default()


async def _form(request: Request) -> dict[str, Any]:
    """The fields that were filled in."""
    if _media_type(request.headers.get("Content-Type", "")) == _URLENCODED:
        # Starlette takes bytes that are not percent-encoded for Latin-1, but the standard, and so curl, for UTF-8.
        body = await request.body()
        if max(map(len, body.split(b"&"))) > MAX_FORM_PART_BYTES:
            raise ValueError
        return dict(parse_qsl(body.decode(errors="replace"), max_num_fields=MAX_FORM_FIELDS))
    form = await request.form(max_files=0, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_FORM_PART_BYTES)
    return {name: value for name, value in form.items() if value != ""}


def _is_json(content_type: str) -> bool:
    main, _, subtype = _media_type(content_type).partition("/")
    return main == "application" and (subtype == "json" or subtype.endswith("+json"))


def _media_type(content_type: str) -> str:
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_type()


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "loc": ("body",), "msg": message}
