"""Signing in with providers, and linking provider accounts."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.accounts.errors import (
    NOT_REAUTHENTICATED,
    AccountNotLinked,
    EmailDomainNotAllowed,
    EmailNotVerified,
    InvalidCredentials,
    InvalidInvitation,
    LastLoginMethod,
    OriginNotAllowed,
    ProviderAccountTaken,
    ProviderAlreadyLinked,
    ProviderEmailUnverified,
    ProviderFailed,
    ProviderNotLinked,
    RegistrationClosed,
    SecondFactorRequired,
    UnknownProvider,
    UsernameTaken,
)
from app.accounts.limits import ACCOUNT_CHANGES, LOGIN
from app.accounts.schemas.providers import (
    AuthorizationInput,
    AuthorizationOut,
    ProviderAccountOut,
    ProviderOut,
    ProviderSignInInput,
)
from app.accounts.schemas.sessions import TokensOut
from app.accounts.schemas.users import ReauthenticationInput
from app.api.body_last import BodyLastRoute
from app.api.deps import OwnerDep, ProviderPath, RefreshCookieDep, ServicesDep, idempotent, limited, limited_by_account
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, no_idempotency_key, private

_FLOW = (UnknownProvider, ProviderFailed)
_LINKING = (ProviderAccountTaken, ProviderAlreadyLinked)
_OPENING = (
    AccountNotLinked,
    ProviderEmailUnverified,
    RegistrationClosed,
    InvalidInvitation,
    EmailDomainNotAllowed,
    UsernameTaken,
)
_LOGIN = (InvalidCredentials, SecondFactorRequired, OriginNotAllowed)
router = APIRouter(
    route_class=BodyLastRoute,
    tags=[Tag("providers", "Signing in with accounts elsewhere, and linking these to your own.")],
)


@router.get("/auth/providers")
@private
async def list_providers(services: ServicesDep) -> Sequence[ProviderOut]:
    """List the providers that users can sign in with."""
    return services.accounts.providers.offered()


@router.post("/auth/providers/{provider}/authorizations", dependencies=[limited(LOGIN)], responses=raises(*_FLOW))
@no_idempotency_key(HOLDS_SECRET)
async def begin_sign_in(services: ServicesDep, provider: ProviderPath) -> AuthorizationOut:
    """Start signing in: keep the flow token, and send the browser to the URL.

    The browser returns to `/sign-in/{provider}` on the frontend, with `code` and `state` in the query.
    """
    return await services.accounts.providers.begin(provider)


@router.post(
    "/auth/providers/{provider}/sign-ins",
    dependencies=[limited(LOGIN)],
    responses=raises(*_FLOW, *_LOGIN, *_LINKING, *_OPENING),
)
@no_idempotency_key(HOLDS_SECRET)
async def sign_in_with_provider(
    services: ServicesDep, cookie: RefreshCookieDep, provider: ProviderPath, data: ProviderSignInInput
) -> TokensOut:
    """Complete the sign-in with the `code` and `state` that the browser returned with, within ten minutes.

    A provider account that is not linked yet is linked to the account with the same email address, if both sides have
    confirmed it. If no account has the address, one is created.
    """
    return cookie.deliver(await services.accounts.providers.sign_in(provider, data), in_cookie=data.use_cookie)


@router.get("/users/me/providers")
async def list_my_providers(services: ServicesDep, owner: OwnerDep) -> Sequence[ProviderAccountOut]:
    """List the provider accounts linked to your account."""
    return [
        ProviderAccountOut.model_validate(account) for account in await services.accounts.provider_links.list(owner)
    ]


@router.post(
    "/users/me/providers/{provider}/authorizations",
    dependencies=[limited(LOGIN)],
    responses=raises(*NOT_REAUTHENTICATED, *_FLOW, EmailNotVerified),
)
@no_idempotency_key(HOLDS_SECRET)
async def begin_provider_link(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: ReauthenticationInput
) -> AuthorizationOut:
    """Start linking a provider account. Works like starting to sign in."""
    return await services.accounts.provider_links.begin(owner, provider, data.current_password)


@router.post(
    "/users/me/providers/{provider}",
    status_code=201,
    dependencies=[limited(LOGIN), idempotent()],
    responses=raises(*_FLOW, *_LINKING),
)
async def link_provider(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: AuthorizationInput
) -> ProviderAccountOut:
    """Link the provider account that the browser returned from, in the same session that started it."""
    return ProviderAccountOut.model_validate(await services.accounts.provider_links.link(owner, provider, data))


@router.delete(
    "/users/me/providers/{provider}",
    dependencies=[limited_by_account(ACCOUNT_CHANGES)],
    status_code=204,
    responses=raises(*NOT_REAUTHENTICATED, ProviderNotLinked, LastLoginMethod),
)
async def unlink_provider(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: ReauthenticationInput
) -> None:
    """Unlink a provider account. An account without a password must keep at least one way to log in."""
    await services.accounts.provider_links.unlink(owner, provider, data.current_password)
