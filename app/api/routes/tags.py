"""Tags."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, ServicesDep, SlugPath, idempotent, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response, page_response
from app.api.route_rules import public
from app.content.errors import FORMER, TagNotFound, TagTaken
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.taxonomy import TagListQuery, TagMerge, TagOut, TagPage, TagUpdate
from app.core.errors import InvalidCursor
from app.core.roles import Role

_EDITING = (*NOT_IN_ROLE, TagNotFound)
_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/tags",
    tags=[Tag("tags", "What articles are about. A tag is created by the first article that uses it.")],
)


@router.get(
    "",
    response_model=TagPage,
    responses=raises(InvalidCursor),
)
@public
async def list_tags(
    request: Request, services: ServicesDep, actor: ActorDep, query: Annotated[TagListQuery, Query()]
) -> Response:
    """List the tags of published articles by slug. Editors also see unused tags."""
    return page_response(request, await services.content.tags.list(actor, query))


@router.get(
    "/{slug}",
    response_model=TagOut,
    responses=raises(TagNotFound, *FORMER),
)
@public
async def read_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> Response:
    """Show a tag with the number of its published articles."""
    return json_response(await services.content.tags.get(actor, slug))


@router.patch("/{slug}", dependencies=_changes, responses=raises(*_EDITING, TagTaken))
async def update_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagUpdate) -> TagOut:
    """Rename a tag or change its slug. Its articles keep it."""
    return TagOut.model_validate(await services.content.tags.rename(actor, slug, data))


@router.delete("/{slug}", dependencies=_changes, status_code=204, responses=raises(*_EDITING))
async def delete_tag(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Delete a tag, removing it from all articles."""
    await services.content.tags.delete(actor, slug)


@router.post("/{slug}/merges", dependencies=[*_changes, idempotent(Role.EDITOR)], responses=raises(*_EDITING))
async def merge_tags(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: TagMerge) -> TagOut:
    """Merge other tags into this one."""
    return TagOut.model_validate(await services.content.tags.merge(actor, slug, data))
