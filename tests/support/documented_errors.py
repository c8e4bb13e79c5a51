"""Compares every error that a test gets with what the OpenAPI document says of the operation."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBLEM = b"application/problem+json"
# A bug, which no document promises.
_BUG = 500
_CODE = re.compile(r"^`(\w+)`", re.MULTILINE)
# Of each operation its errors; the document is the same for every app of the tests, and takes a while to make.
_documented: dict[str, set[tuple[int, str]]] = {}


class DocumentedErrors:
    """Around an app: fails the test that gets an error which the document does not mention."""

    def __init__(self, app: FastAPI) -> None:
        self._app: ASGIApp = app
        self._document = app.openapi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent: list[Message] = []

        async def watch(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, receive, watch)
        if sent and sent[0].get("status", 0) >= 400:
            self._check(scope, sent)

    def _check(self, scope: Scope, sent: list[Message]) -> None:
        context = scope.get("fastapi", {}).get("effective_route_context")
        status = sent[0]["status"]
        headers = dict(sent[0]["headers"])
        if context is None or status == _BUG or headers.get(b"content-type") != PROBLEM:
            return
        if not _documented:
            _documented.update(errors_in(self._document()))
        code = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))["code"]
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        complaint = complaint_about(_documented, f"{method} {context.path_format}", status, code)
        if complaint:
            pytest.fail(complaint)


def complaint_about(documented: dict[str, set[tuple[int, str]]], operation: str, status: int, code: str) -> str | None:
    """What is to be done about an error; None if it is documented, or the operation as a whole is not."""
    if operation not in documented or (status, code) in documented[operation]:
        return None
    return (
        f"{operation} answered {status} `{code}`, which its documentation does not mention. If one of its dependencies "
        "raises this, declare it there (`@raising` in app/api/deps.py); if the service does, list it in the route's "
        "`responses=raises(…)`."
    )


def errors_in(document: dict[str, Any]) -> Iterator[tuple[str, set[tuple[int, str]]]]:
    """Of each operation in the document, its errors by status and code."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            responses = operation["responses"].items()
            found = {
                (int(status), code)
                for status, response in responses
                for code in _CODE.findall(response.get("description", ""))
            }
            yield f"{method.upper()} {path}", found
