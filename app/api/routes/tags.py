"""Tags."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.accounts.errors import EmailNotVerified, InvalidAccessToken
from app.api.deps import ActorDep, ServicesDep, SlugPath
from app.api.openapi import LOGIN_OPTIONAL, raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response, page_response
from app.content.errors import TagNotFound, TagTaken
from app.content.schemas.taxonomy import TagListQuery, TagMerge, TagOut, TagPage, TagUpdate
from app.core.errors import Forbidden, InvalidCursor, Unauthenticated

_EDITOR = (Unauthenticated, InvalidAccessToken, Forbidden, EmailNotVerified, TagNotFound)
router = APIRouter(
    prefix="/tags", tags=[Tag("tags", "What articles are about. A tag is created by the first article that uses it.")]
)


@router.get(
    "",
    response_model=TagPage,
    responses=raises(InvalidAccessToken, InvalidCursor),
    openapi_extra=LOGIN_OPTIONAL,
)
async def list_tags(
    request: Request, services: ServicesDep, actor: ActorDep, query: Annotated[TagListQuery, Query()]
) -> Any:
    """List the tags of published articles by slug. Editors also see unused tags."""
    return page_response(request, await services.content.tags.list(actor, query))


@router.get(
    "/{slug}",
    response_model=TagOut,
    responses=raises(InvalidAccessToken, TagNotFound),
    openapi_extra=LOGIN_OPTIONAL,
)
async def read_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> Any:
    """Show a tag with the number of its published articles."""
    return json_response(await services.content.tags.get(actor, slug))


@router.patch("/{slug}", responses=raises(*_EDITOR, TagTaken))
async def update_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagUpdate) -> TagOut:
    """Rename a tag or change its slug. Its articles keep it."""
    return TagOut.model_validate(await services.content.tags.rename(actor, slug, data))


@router.delete("/{slug}", status_code=204, responses=raises(*_EDITOR))
async def delete_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Delete a tag, removing it from all articles."""
    await services.content.tags.delete(actor, slug)


@router.post("/{slug}/merges", responses=raises(*_EDITOR))
async def merge_tags(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagMerge) -> TagOut:
    """Merge other tags into this one."""
    return TagOut.model_validate(await services.content.tags.merge(actor, slug, data))
