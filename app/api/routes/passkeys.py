"""Passkeys: managing your own, and logging in with them."""

from fastapi import APIRouter

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    EmailNotVerified,
    InvalidPasskey,
    InvalidPendingToken,
    LastLoginMethod,
    NoSecondFactor,
    OriginNotAllowed,
    PasskeyNotFound,
    PasskeyTaken,
)
from app.accounts.limits import ACCOUNT_CHANGES, LOGIN
from app.accounts.schemas.passkeys import (
    PasskeyAdded,
    PasskeyCreationOptions,
    PasskeyInput,
    PasskeyLoginInput,
    PasskeyOptionsInput,
    PasskeyRequestOptions,
    PasskeyUpdate,
)
from app.accounts.schemas.second_factors import PasskeyOut
from app.accounts.schemas.sessions import TokensOut
from app.accounts.schemas.users import ReauthenticationInput
from app.api.body_last import BodyLastRoute
from app.api.deps import IdPath, OwnerDep, RefreshCookieDep, ServicesDep, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, NEEDS_NO_ACCOUNT, no_idempotency_key

_changes = [limited_by_account(ACCOUNT_CHANGES)]
router = APIRouter(
    route_class=BodyLastRoute, tags=[Tag("passkeys", "Managing your own passkeys, and logging in with them.")]
)


@router.post(
    "/users/me/passkeys/options", dependencies=_changes, responses=raises(*NOT_REAUTHENTICATED, EmailNotVerified)
)
@no_idempotency_key(HOLDS_SECRET)
async def begin_passkey(services: ServicesDep, owner: OwnerDep, data: ReauthenticationInput) -> PasskeyCreationOptions:
    """Get options for `navigator.credentials.create`.

    Parse them with `PublicKeyCredential.parseCreationOptionsFromJSON`.
    """
    return await services.accounts.passkeys.creation_options(owner, data.current_password)


@router.post(
    "/users/me/passkeys", dependencies=_changes, status_code=201, responses=raises(InvalidPasskey, PasskeyTaken)
)
@no_idempotency_key(HOLDS_SECRET)
async def add_passkey(services: ServicesDep, owner: OwnerDep, data: PasskeyInput) -> PasskeyAdded:
    """Add a passkey that the browser created, within five minutes.

    If this is the account's first second factor, its other sessions end.
    """
    return await services.accounts.passkeys.add(owner, data)


@router.patch("/users/me/passkeys/{passkey_id}", dependencies=_changes, responses=raises(PasskeyNotFound))
async def rename_passkey(services: ServicesDep, owner: OwnerDep, passkey_id: IdPath, data: PasskeyUpdate) -> PasskeyOut:
    """Rename a passkey."""
    return PasskeyOut.model_validate(await services.accounts.passkeys.rename(owner, passkey_id, data.name))


@router.delete(
    "/users/me/passkeys/{passkey_id}",
    dependencies=_changes,
    status_code=204,
    responses=raises(*NOT_REAUTHENTICATED, PasskeyNotFound, LastLoginMethod),
)
async def remove_passkey(
    services: ServicesDep, owner: OwnerDep, passkey_id: IdPath, data: ReauthenticationInput
) -> None:
    """Remove a passkey. Recovery codes are removed with the last second factor."""
    await services.accounts.passkeys.remove(owner, passkey_id, data.current_password)


@router.post(
    "/auth/login/passkey-options",
    dependencies=[limited(LOGIN)],
    responses=raises(InvalidPendingToken, NoSecondFactor),
)
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def begin_passkey_login(services: ServicesDep, data: PasskeyOptionsInput) -> PasskeyRequestOptions:
    """Get options for `navigator.credentials.get`.

    Parse them with `PublicKeyCredential.parseRequestOptionsFromJSON`. Without a pending token, the browser offers every
    passkey it has for this site.
    """
    return await services.accounts.passkeys.request_options(data.pending_token)


@router.post(
    "/auth/login/passkey",
    dependencies=[limited(LOGIN)],
    responses=raises(InvalidPendingToken, InvalidPasskey, OriginNotAllowed),
)
@no_idempotency_key(HOLDS_SECRET)
async def log_in_with_passkey(services: ServicesDep, cookie: RefreshCookieDep, data: PasskeyLoginInput) -> TokensOut:
    """Log in with a passkey, within five minutes. Neither a password nor a code is needed.

    Send the pending token if you requested the options with it.
    """
    return cookie.deliver(await services.accounts.passkeys.log_in(data), in_cookie=data.use_cookie)
