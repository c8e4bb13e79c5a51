"""Managing your second factors, and the second step of a login."""

from fastapi import APIRouter

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    EmailNotVerified,
    InvalidPendingToken,
    InvalidSecondFactor,
    NoSecondFactor,
    OriginNotAllowed,
    SecondFactorExists,
)
from app.accounts.limits import ACCOUNT_CHANGES, LOGIN
from app.accounts.schemas.second_factors import (
    FirstRecoveryCodes,
    NewRecoveryCodes,
    SecondFactorInput,
    SecondFactorsOut,
    TotpConfirmation,
    TotpOut,
)
from app.accounts.schemas.sessions import TokensOut
from app.accounts.schemas.users import ReauthenticationInput
from app.api.body_last import BodyLastRoute
from app.api.deps import OwnerDep, RefreshCookieDep, ServicesDep, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, no_idempotency_key

_changes = [limited_by_account(ACCOUNT_CHANGES)]
router = APIRouter(
    route_class=BodyLastRoute,
    tags=[Tag("second factors", "Authenticator apps and recovery codes, and the second step of a login.")],
)


@router.get("/users/me/second-factors")
async def read_my_second_factors(services: ServicesDep, owner: OwnerDep) -> SecondFactorsOut:
    """Show which second factors are set up, and how many recovery codes are left."""
    return await services.accounts.second_factors.overview(owner.account)


@router.post(
    "/users/me/totp",
    dependencies=_changes,
    responses=raises(*NOT_REAUTHENTICATED, EmailNotVerified, SecondFactorExists),
)
@no_idempotency_key(HOLDS_SECRET)
async def begin_totp(services: ServicesDep, owner: OwnerDep, data: ReauthenticationInput) -> TotpOut:
    """Start setting up an authenticator app. It takes effect once a code has confirmed the new secret."""
    return await services.accounts.second_factors.begin_totp(owner, data.current_password)


@router.put(
    "/users/me/totp", dependencies=_changes, responses=raises(NoSecondFactor, SecondFactorExists, InvalidSecondFactor)
)
async def confirm_totp(services: ServicesDep, owner: OwnerDep, data: TotpConfirmation) -> FirstRecoveryCodes:
    """Confirm the authenticator app. From now on, every login requires it.

    If this is the account's first second factor, its other sessions end.
    """
    return FirstRecoveryCodes(recovery_codes=await services.accounts.second_factors.confirm_totp(owner, data.code))


@router.delete(
    "/users/me/totp", dependencies=_changes, status_code=204, responses=raises(*NOT_REAUTHENTICATED, NoSecondFactor)
)
async def remove_totp(services: ServicesDep, owner: OwnerDep, data: ReauthenticationInput) -> None:
    """Remove the authenticator app. Recovery codes are removed with the last second factor."""
    await services.accounts.second_factors.remove_totp(owner, data.current_password)


@router.post(
    "/users/me/recovery-codes",
    dependencies=_changes,
    status_code=201,
    responses=raises(*NOT_REAUTHENTICATED, NoSecondFactor),
)
@no_idempotency_key(HOLDS_SECRET)
async def renew_recovery_codes(services: ServicesDep, owner: OwnerDep, data: ReauthenticationInput) -> NewRecoveryCodes:
    """Create ten new recovery codes. The old ones stop working."""
    codes = await services.accounts.second_factors.renew_recovery_codes(owner, data.current_password)
    return NewRecoveryCodes(recovery_codes=codes)


@router.post(
    "/auth/login/second-factor",
    dependencies=[limited(LOGIN)],
    responses=raises(InvalidPendingToken, InvalidSecondFactor, OriginNotAllowed),
)
@no_idempotency_key(HOLDS_SECRET)
async def log_in_with_second_factor(
    services: ServicesDep, cookie: RefreshCookieDep, data: SecondFactorInput
) -> TokensOut:
    """Complete a login that failed with `second_factor_required`, using a code or a recovery code.

    Each code works once. The pending token is valid for five minutes, unless the password changes.
    """
    return cookie.deliver(await services.accounts.second_factors.log_in(data), in_cookie=data.use_cookie)
