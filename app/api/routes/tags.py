"""Tags."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from app.api.deps import ActorDep, ServicesDep, SlugPath, VisitDep
from app.api.openapi import LOGIN_OPTIONAL, raises
from app.api.rows import answered, answered_page
from app.core.errors import (
    EmailNotVerified,
    Forbidden,
    InvalidAccessToken,
    InvalidCursor,
    TagNotFound,
    TagTaken,
    Unauthenticated,
)
from app.schemas.pages import Page
from app.schemas.taxonomy import TagListQuery, TagMerge, TagOut, TagUpdate

_EDITOR = (Unauthenticated, InvalidAccessToken, Forbidden, EmailNotVerified, TagNotFound)
router = APIRouter(prefix="/tags", tags=["tags"])


@router.get(
    "",
    response_model=Page[TagOut],
    responses=raises(InvalidAccessToken, InvalidCursor),
    openapi_extra=LOGIN_OPTIONAL,
)
async def list_tags(request: Request, visit: VisitDep, query: Annotated[TagListQuery, Query()]) -> Any:
    """Tags of published articles, by slug; editors see unused ones too."""
    return answered_page(request, await visit.services.tags.list(visit.actor, query))


@router.get(
    "/{slug}",
    response_model=TagOut,
    responses=raises(InvalidAccessToken, TagNotFound),
    openapi_extra=LOGIN_OPTIONAL,
)
async def read_tag(visit: VisitDep, slug: SlugPath) -> Any:
    return answered(await visit.services.tags.get(visit.actor, slug))


@router.patch("/{slug}", responses=raises(*_EDITOR, TagTaken))
async def rename_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagUpdate) -> TagOut:
    return TagOut.model_validate(await services.tags.rename(actor, slug, data))


@router.delete("/{slug}", status_code=204, responses=raises(*_EDITOR))
async def delete_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Take a tag off all articles."""
    await services.tags.delete(actor, slug)


@router.post("/{slug}/merges", responses=raises(*_EDITOR))
async def merge_tags(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagMerge) -> TagOut:
    """Dissolve other tags into this one."""
    return TagOut.model_validate(await services.tags.merge(actor, slug, data))
