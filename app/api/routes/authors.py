"""Public profiles of people who have published something."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.api.deps import ServicesDep, SlugPath
from app.api.openapi import raises
from app.api.responses import json_response, page_response
from app.content.errors import AuthorNotFound
from app.content.schemas.authors import AuthorOut
from app.core.errors import InvalidCursor
from app.core.schemas.pages import Page, PageQuery

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("", response_model=Page[AuthorOut], responses=raises(InvalidCursor))
async def list_authors(request: Request, services: ServicesDep, query: Annotated[PageQuery, Query()]) -> Any:
    return page_response(request, await services.content.authors.list(query))


@router.get("/{username}", response_model=AuthorOut, responses=raises(AuthorNotFound))
async def read_author(services: ServicesDep, username: SlugPath) -> Any:
    return json_response(await services.content.authors.get(username))
