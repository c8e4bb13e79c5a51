"""Signing in with accounts elsewhere, and linking them to one's own."""

from collections.abc import Sequence

from fastapi import APIRouter

from app.accounts.errors import (
    AccountNotLinked,
    EmailDomainNotAllowed,
    EmailNotVerified,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidInvitation,
    LastLoginMethod,
    LoginRequired,
    OriginNotAllowed,
    ProviderAccountTaken,
    ProviderAlreadyLinked,
    ProviderEmailUnverified,
    ProviderFailed,
    ProviderNotLinked,
    RecentLoginRequired,
    RegistrationClosed,
    SecondFactorRequired,
    UnknownProvider,
    UsernameTaken,
    WrongPassword,
)
from app.accounts.schemas.providers import (
    AuthorizationInput,
    AuthorizationOut,
    ProviderAccountOut,
    ProviderOut,
    ProviderSignInInput,
)
from app.accounts.schemas.sessions import TokensOut
from app.accounts.schemas.users import ReauthenticationInput
from app.api.deps import OwnerDep, ProviderPath, RefreshCookieDep, ServicesDep, limited
from app.api.openapi import raises
from app.core.errors import TooManyRequests, Unauthenticated
from app.core.rate_limits import LOGIN

_FLOW = (UnknownProvider, ProviderFailed, TooManyRequests)
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
_OWNER = (Unauthenticated, InvalidAccessToken, LoginRequired)
_REAUTHENTICATED = (*_OWNER, WrongPassword, RecentLoginRequired)
router = APIRouter(tags=["providers"])


@router.get("/auth/providers")
async def list_providers(services: ServicesDep) -> Sequence[ProviderOut]:
    """The providers that one can sign in with."""
    return services.providers.offered()


@router.post("/auth/providers/{provider}/authorizations", dependencies=[limited(LOGIN)], responses=raises(*_FLOW))
async def begin_sign_in(services: ServicesDep, provider: ProviderPath) -> AuthorizationOut:
    """Begin to sign in: keep the flow token, and send the browser to the address.

    It comes back to `/sign-in/{provider}` of the frontend, with `code` and `state` in the query.
    """
    return await services.providers.begin(provider)


@router.post(
    "/auth/providers/{provider}/sign-ins",
    dependencies=[limited(LOGIN)],
    responses=raises(*_FLOW, *_LOGIN, *_LINKING, *_OPENING),
)
async def sign_in(
    services: ServicesDep, cookie: RefreshCookieDep, provider: ProviderPath, data: ProviderSignInInput
) -> TokensOut:
    """Log in with what the browser came back with, within ten minutes.

    Who is not linked yet is linked to the account with the same address, if that is confirmed here and there; where
    nobody has the address, an account is opened.
    """
    return cookie.deliver(await services.providers.sign_in(provider, data), in_cookie=data.use_cookie)


@router.get("/users/me/providers", responses=raises(*_OWNER))
async def list_my_providers(services: ServicesDep, owner: OwnerDep) -> Sequence[ProviderAccountOut]:
    """The accounts elsewhere that one signs in with."""
    return [ProviderAccountOut.model_validate(account) for account in await services.provider_links.list(owner)]


@router.post(
    "/users/me/providers/{provider}/authorizations",
    dependencies=[limited(LOGIN)],
    responses=raises(*_REAUTHENTICATED, *_FLOW, EmailNotVerified),
)
async def begin_link(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: ReauthenticationInput
) -> AuthorizationOut:
    """Begin to link an account elsewhere; otherwise like signing in."""
    return await services.provider_links.begin(owner, provider, data.current_password)


@router.post(
    "/users/me/providers/{provider}",
    status_code=201,
    dependencies=[limited(LOGIN)],
    responses=raises(*_OWNER, *_FLOW, *_LINKING),
)
async def link_provider(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: AuthorizationInput
) -> ProviderAccountOut:
    """Link the account elsewhere that the browser came back from, in the session that it was begun in."""
    return ProviderAccountOut.model_validate(await services.provider_links.link(owner, provider, data))


@router.delete(
    "/users/me/providers/{provider}",
    status_code=204,
    responses=raises(*_REAUTHENTICATED, TooManyRequests, ProviderNotLinked, LastLoginMethod),
)
async def unlink_provider(
    services: ServicesDep, owner: OwnerDep, provider: ProviderPath, data: ReauthenticationInput
) -> None:
    """Unlink an account elsewhere. An account without a password keeps one way in at least."""
    await services.provider_links.unlink(owner, provider, data.current_password)
