"""The audit log, for admins."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.accounts.errors import NOT_IN_ROLE, UnknownAuditAction
from app.accounts.schemas.audit_events import AuditEventPage, AuditQuery
from app.api.body_last import BodyLastRoute
from app.api.deps import ActorDep, NextLinkDep, ServicesDep
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import private
from app.core.errors import InvalidCursor

router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/audit-events",
    tags=[Tag("audit log", "Who did what to what, and when, for admins.")],
)


@router.get(
    "",
    response_model=AuditEventPage,
    responses=raises(*NOT_IN_ROLE, UnknownAuditAction, InvalidCursor),
)
@private
async def list_audit_events(
    services: ServicesDep, actor: ActorDep, link: NextLinkDep, query: Annotated[AuditQuery, Query()]
) -> Any:
    """List audit events, newest first. They can be neither changed nor deleted."""
    return link.on(await services.accounts.audit_trail.list(actor, query))
