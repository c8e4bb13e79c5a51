"""Categories."""

from fastapi import APIRouter, Response

from app.accounts.errors import NOT_IN_ROLE
from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, ServicesDep, SlugPath, idempotent, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response
from app.api.route_rules import public
from app.content.errors import FORMER, CategoryCycle, CategoryNotFound, CategoryTaken, CategoryTooDeep, UnknownCategory
from app.content.limits import CONTENT_CHANGES_OF_ACCOUNT
from app.content.schemas.taxonomy import CategoryInput, CategoryOut, CategoryTree, CategoryUpdate
from app.core.roles import Role

_changes = [limited_by_account(CONTENT_CHANGES_OF_ACCOUNT)]
_PLACING = (CategoryTaken, UnknownCategory, CategoryTooDeep)
router = APIRouter(
    route_class=BodyLastRoute, prefix="/categories", tags=[Tag("categories", "The tree in which articles are filed.")]
)


@router.get("", response_model=list[CategoryTree])
@public
async def list_categories(services: ServicesDep) -> Response:
    """List all categories as a tree."""
    return json_response(await services.content.categories.tree())


@router.post(
    "", dependencies=[*_changes, idempotent(Role.EDITOR)], status_code=201, responses=raises(*NOT_IN_ROLE, *_PLACING)
)
async def create_category(services: ServicesDep, actor: ActorDep, data: CategoryInput) -> CategoryOut:
    """Create a category, at the top level unless it has a parent."""
    return await services.content.categories.create(actor, data)


@router.get("/{slug}", response_model=CategoryOut, responses=raises(CategoryNotFound, *FORMER))
@public
async def read_category(services: ServicesDep, slug: SlugPath) -> Response:
    """Show a category, without those below it."""
    return json_response(await services.content.categories.get(slug))


@router.patch(
    "/{slug}", dependencies=_changes, responses=raises(*NOT_IN_ROLE, *_PLACING, CategoryNotFound, CategoryCycle)
)
async def update_category(services: ServicesDep, actor: ActorDep, slug: SlugPath, data: CategoryUpdate) -> CategoryOut:
    """Update a category. When it moves, everything in it moves too."""
    return await services.content.categories.update(actor, slug, data)


@router.delete("/{slug}", dependencies=_changes, status_code=204, responses=raises(*NOT_IN_ROLE, CategoryNotFound))
async def delete_category(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> None:
    """Delete a category. The articles and categories in it move up to its parent."""
    await services.content.categories.delete(actor, slug)
