"""Public profiles of those who have published something."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import NextLinkDep, ServicesDep, SlugPath
from app.api.openapi import raises
from app.core.errors import AuthorNotFound, InvalidCursor
from app.schemas.pages import Page, PageQuery
from app.schemas.users import AuthorOut

router = APIRouter(prefix="/authors", tags=["authors"])


@router.get("", response_model=Page[AuthorOut], responses=raises(InvalidCursor))
async def list_authors(services: ServicesDep, link: NextLinkDep, query: Annotated[PageQuery, Query()]) -> Any:
    return link.on(await services.users.authors(query))


@router.get("/{username}", responses=raises(AuthorNotFound))
async def read_author(services: ServicesDep, username: SlugPath) -> AuthorOut:
    return await services.users.author(username)
