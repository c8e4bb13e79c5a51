"""Gives answers the entity tags that public ones get from the response cache: those to accounts, and those to changes.

A route says what stands for a resource, if it is more than the digest of its body (`app.api.responses`).
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.middleware.response_cache import ETAG, SURROGATE_KEYS, matches, said_validator
from app.api.route_table import RouteTable, selected_context
from app.core.entity_tags import digest_of, entity_tag

_READING = "GET"
_CHANGING = {"POST", "PUT", "PATCH"}
_SUCCESSES = {200, 201}
_OF_A_BODY = {b"content-length", b"content-type"}


class EntityTagsMiddleware:
    """Around the routes, and inside of what changes the form of their answers."""

    def __init__(self, app: ASGIApp, table: RouteTable) -> None:
        self._app = app
        self._shown = table.shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What is made for the response cache gets its tags there.
        if scope["type"] != "http" or SURROGATE_KEYS in scope:
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def send_tagged(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                if not message.get("more_body") and self._is_of_a_resource(scope, start):
                    start, message = _tagged(scope, start, message)
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, send_tagged)

    def _is_of_a_resource(self, scope: Scope, start: Message) -> bool:
        """Whether this is what a GET answers, or a change with the resource as a GET would show it."""
        if start["status"] not in _SUCCESSES:
            return False
        if scope["method"] in _CHANGING:
            return getattr(selected_context(scope), "response_model", None) in self._shown
        return bool(scope["method"] == _READING)


def _tagged(scope: Scope, start: Message, body: Message) -> tuple[Message, Message]:
    """The answer with its tag; without its body, if the client has that already."""
    others = [header for header in start["headers"] if header[0] != ETAG]
    tag = entity_tag(said_validator(start["headers"]), digest_of(body.get("body", b""))).encode()
    wanted = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    if scope["method"] == _READING and wanted and matches(wanted, tag):
        kept = [header for header in others if header[0] not in _OF_A_BODY]
        return {**start, "status": 304, "headers": [*kept, (ETAG, tag)]}, {**body, "body": b""}
    return {**start, "headers": [*others, (ETAG, tag)]}, body
