"""Invitations to create an account."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.accounts.errors import (
    NOT_IN_ROLE,
    EmailDomainNotAllowed,
    InvitationNotFound,
    RegistrationClosed,
)
from app.accounts.limits import ACCOUNT_CHANGES, MAIL
from app.accounts.schemas.invitations import InvitationInput, InvitationPage, NewInvitation
from app.api.body_last import BodyLastRoute
from app.api.deps import AccountDep, ActorDep, IdPath, NextLinkDep, ServicesDep, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, no_idempotency_key, private
from app.core.errors import InvalidCursor
from app.core.schemas.pages import PageQuery

router = APIRouter(
    route_class=BodyLastRoute, prefix="/invitations", tags=[Tag("invitations", "Invitations to create an account.")]
)


@router.post(
    "",
    status_code=201,
    dependencies=[limited(MAIL)],
    responses=raises(*NOT_IN_ROLE, RegistrationClosed, EmailDomainNotAllowed),
)
@no_idempotency_key(HOLDS_SECRET)
async def create_invitation(services: ServicesDep, account: AccountDep, data: InvitationInput) -> NewInvitation:
    """Invite someone. Editors only; only admins can invite editors and admins.

    With an email address, the link is sent there. Without one, the response contains the token to pass on yourself.
    """
    return await services.accounts.invitations.create(account, data)


@router.get("", response_model=InvitationPage, responses=raises(*NOT_IN_ROLE, InvalidCursor))
@private
async def list_invitations(
    services: ServicesDep, actor: ActorDep, link: NextLinkDep, query: Annotated[PageQuery, Query()]
) -> Any:
    """List your own invitations, or everyone's for admins, newest first."""
    return link.on(await services.accounts.invitations.list(actor, query))


@router.delete(
    "/{invitation_id}",
    dependencies=[limited_by_account(ACCOUNT_CHANGES)],
    status_code=204,
    responses=raises(*NOT_IN_ROLE, InvitationNotFound),
)
async def revoke_invitation(services: ServicesDep, actor: ActorDep, invitation_id: IdPath) -> None:
    """Revoke an invitation that has not been used."""
    await services.accounts.invitations.revoke(actor, invitation_id)
