"""Responses that are read from the database in their final form: nothing is validated again."""

from typing import Any

from fastapi import Request, Response
from pydantic_core import to_json

from app.api.links import link_to
from app.core.entity_tags import entity_tag
from app.db.paging import PageResult

MEDIA_TYPE = "application/json"


def json_response(found: Any, validator: str = "", status: int = 200) -> Response:
    """The data as JSON.

    `validator` is what stands for a resource beyond the digest of its body; the `ETag` is made of both where the answer
    is complete.
    """
    response = Response(to_json(found), status, media_type=MEDIA_TYPE)
    if validator:
        # Not by a dictionary of headers, which takes longer to be encoded.
        response.raw_headers.append((b"etag", entity_tag(validator).encode()))
    return response


def page_response(request: Request, page: PageResult[Any]) -> Response:
    """A page of a list, with a link to the next one if there is one."""
    response = json_response({"items": page.items, "next_cursor": page.next_cursor})
    if page.next_cursor is not None:
        response.headers["Link"] = link_to(request, page.next_cursor)
    return response
