"""Personal access tokens, for scripts and clients."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    EmailNotVerified,
    PersonalTokenNotFound,
    TooManyPersonalTokens,
)
from app.accounts.limits import ACCOUNT_CHANGES, TOKEN
from app.accounts.schemas.personal_tokens import NewPersonalToken, PersonalTokenInput, PersonalTokenOut
from app.api.body_last import BodyLastRoute
from app.api.deps import IdPath, OwnerDep, ServicesDep, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, no_idempotency_key

router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/auth/personal-tokens",
    tags=[Tag("personal access tokens", "Tokens for scripts, limited to scopes.")],
)


@router.post(
    "",
    status_code=201,
    dependencies=[limited(TOKEN)],
    responses=raises(EmailNotVerified, *NOT_REAUTHENTICATED, TooManyPersonalTokens),
)
@no_idempotency_key(HOLDS_SECRET)
async def create_personal_token(services: ServicesDep, owner: OwnerDep, data: PersonalTokenInput) -> NewPersonalToken:
    """Create a personal access token, to be sent as a bearer token. It is shown only in this response."""
    return await services.accounts.personal_tokens.create(owner, data)


@router.get("")
async def list_personal_tokens(services: ServicesDep, owner: OwnerDep) -> Sequence[PersonalTokenOut]:
    """List the personal access tokens that have not expired, newest first."""
    return await services.accounts.personal_tokens.list(owner)


@router.delete(
    "/{token_id}",
    dependencies=[limited_by_account(ACCOUNT_CHANGES)],
    status_code=204,
    responses=raises(PersonalTokenNotFound),
)
async def revoke_personal_token(services: ServicesDep, owner: OwnerDep, token_id: IdPath) -> None:
    """Revoke a personal access token. It stops working immediately."""
    await services.accounts.personal_tokens.revoke(owner, token_id)
