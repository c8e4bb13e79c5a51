"""Reactions to articles."""

from fastapi import APIRouter, Response

from app.accounts.errors import NOT_VERIFIED
from app.api.deps import ActorDep, ServicesDep, SlugPath, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.responses import json_response
from app.api.route_rules import public
from app.content.errors import ArticleNotFound
from app.reactions.limits import REACTIONS_OF_ACCOUNT
from app.reactions.schemas import ReactionCount, ReactionKind

_reacting = {
    "status_code": 204,
    "dependencies": [limited_by_account(REACTIONS_OF_ACCOUNT)],
    "responses": raises(*NOT_VERIFIED, ArticleNotFound),
}
router = APIRouter(prefix="/articles/{slug}/reactions", tags=[Tag("reactions", "What readers feel about articles.")])


@router.get("", response_model=list[ReactionCount], responses=raises(ArticleNotFound))
@public
async def count_reactions(services: ServicesDep, actor: ActorDep, slug: SlugPath) -> Response:
    """Count the reactions to an article by their kind."""
    return json_response(await services.reactions.count(actor, slug))


@router.put("/{kind}", **_reacting)
async def add_reaction(services: ServicesDep, actor: ActorDep, slug: SlugPath, kind: ReactionKind) -> None:
    """React to an article. Doing so again changes nothing."""
    await services.reactions.add(actor, slug, kind)


@router.delete("/{kind}", **_reacting)
async def remove_reaction(services: ServicesDep, actor: ActorDep, slug: SlugPath, kind: ReactionKind) -> None:
    """Take your reaction back."""
    await services.reactions.remove(actor, slug, kind)
