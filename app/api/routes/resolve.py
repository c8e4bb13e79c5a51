"""What is at an address, for front ends."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, ServicesDep
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.redirections import redirection_response
from app.api.responses import json_response
from app.api.route_rules import private
from app.content.schemas.redirects import AddressOut, ResolveQuery
from app.content.services.resolver import Redirection
from app.core.errors import Gone, NotFound

_REDIRECTIONS: dict[int | str, dict[str, Any]] = {
    status: {"description": "`moved`: It is at the address in `Location` now; the body is a problem document."}
    for status in (301, 302, 307, 308)
}
# Who is logged in may be shown more.
_FOR_ANYBODY: dict[str, Any] = {"security": [{}]}
router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/resolve",
    tags=[Tag("addresses", "What is at an address, or where it is now.")],
)


@router.get(
    "", response_model=AddressOut, responses={**_REDIRECTIONS, **raises(NotFound, Gone)}, openapi_extra=_FOR_ANYBODY
)
@private
async def resolve(services: ServicesDep, actor: ActorDep, query: Annotated[ResolveQuery, Query()]) -> Response:
    """Say what is at a path of the site: for a front end that is asked for a path that it does not know.

    The answer is what the front end should answer: 200 with what is there, a redirection, 410 for what was deleted or
    404. Besides redirects, it knows `/{slug}`, `/tag/{slug}`, `/category/{slugs}`, `/author/{username}`, and the same
    below the path of the API.
    """
    found = await services.content.resolver.resolve(actor, query.path)
    return redirection_response(found) if isinstance(found, Redirection) else json_response(found.model_dump())
