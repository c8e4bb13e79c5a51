"""Public profiles of people who have published something."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.body_last import BodyLastRoute
from app.api.deps import ServicesDep, SlugPath
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response, page_response
from app.api.route_rules import public
from app.content.errors import AuthorNotFound
from app.content.schemas.authors import AuthorOut, AuthorPage
from app.core.errors import InvalidCursor, Moved
from app.core.schemas.pages import PageQuery

router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/authors",
    tags=[Tag("authors", "Public profiles of people who have published something.")],
)


@router.get("", response_model=AuthorPage, responses=raises(InvalidCursor))
@public
async def list_authors(request: Request, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Response:
    """List the people who have published something."""
    return page_response(request, await services.content.authors.list(query))


@router.get("/{username}", response_model=AuthorOut, responses=raises(AuthorNotFound, Moved))
@public
async def read_author(services: ServicesDep, username: SlugPath) -> Response:
    """Show the public profile of somebody who has published something."""
    return json_response(await services.content.authors.get(username))
