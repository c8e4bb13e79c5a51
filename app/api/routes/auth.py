"""Registration, login and recovery."""

from typing import Annotated

from fastapi import APIRouter, Form

from app.accounts.errors import (
    EmailDomainNotAllowed,
    EmailTaken,
    InvalidCredentials,
    InvalidInvitation,
    InvalidRefreshToken,
    InvalidResetToken,
    InvalidUndoToken,
    InvalidVerificationToken,
    OriginNotAllowed,
    RefreshTokenReused,
    RegistrationClosed,
    SecondFactorRequired,
    UsernameTaken,
    WeakPassword,
)
from app.accounts.limits import LOGIN, MAIL, REGISTER, TOKEN
from app.accounts.schemas.sessions import RefreshInput, TokensOut
from app.accounts.schemas.users import EmailInput, LoginForm, RegisterInput, ResetPasswordInput, UserOut, VerifyInput
from app.api.body_last import BodyLastRoute
from app.api.deps import RefreshCookieDep, ServicesDep, limited
from app.api.openapi import raises
from app.api.openapi_tags import Tag
from app.api.route_rules import HOLDS_SECRET, NEEDS_NO_ACCOUNT, no_idempotency_key
from app.core.schemas.base import Accepted

router = APIRouter(
    route_class=BodyLastRoute,
    prefix="/auth",
    tags=[Tag("auth", "Registration, login, and recovery of an account by email.")],
)


@router.post(
    "/register",
    status_code=202,
    dependencies=[limited(REGISTER)],
    responses=raises(
        RegistrationClosed,
        InvalidInvitation,
        EmailDomainNotAllowed,
        UsernameTaken,
        WeakPassword,
    ),
)
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def register(services: ServicesDep, data: RegisterInput) -> Accepted:
    """Create an account. A link to confirm the email address is sent by email.

    The response is the same if the address already has an account; only its owner is told, by email. Until the address
    is confirmed, log in with the username.
    """
    await services.accounts.registration.register(data)
    return Accepted()


@router.post(
    "/login",
    dependencies=[limited(LOGIN)],
    responses=raises(InvalidCredentials, SecondFactorRequired, OriginNotAllowed),
)
@no_idempotency_key(HOLDS_SECRET)
async def log_in(services: ServicesDep, cookie: RefreshCookieDep, form: Annotated[LoginForm, Form()]) -> TokensOut:
    """Log in with an email address or username, in a form or as JSON."""
    return cookie.deliver(await services.accounts.logins.log_in(form), in_cookie=form.use_cookie)


@router.post(
    "/refresh",
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidRefreshToken, RefreshTokenReused, OriginNotAllowed),
)
@no_idempotency_key(HOLDS_SECRET)
async def refresh_tokens(services: ServicesDep, cookie: RefreshCookieDep, data: RefreshInput) -> TokensOut:
    """Exchange a refresh token, which works only once, for new tokens. With the cookie, send an empty object."""
    pair = await services.accounts.sessions.refresh(cookie.token_of(data))
    return cookie.deliver(pair, in_cookie=data.refresh_token is None)


@router.post("/request-verify-token", status_code=202, dependencies=[limited(MAIL)])
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def request_verification(services: ServicesDep, data: EmailInput) -> Accepted:
    """Request another confirmation link by email. The response is the same if there is no such account."""
    await services.accounts.registration.request_verification(data.email)
    return Accepted()


@router.post("/verify", dependencies=[limited(TOKEN)], responses=raises(InvalidVerificationToken))
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def verify_email(services: ServicesDep, data: VerifyInput) -> UserOut:
    """Confirm a first or changed email address with the token from the email."""
    return UserOut.model_validate(await services.accounts.registration.verify(data.token))


@router.post("/forgot-password", status_code=202, dependencies=[limited(MAIL)])
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def request_password_reset(services: ServicesDep, data: EmailInput) -> Accepted:
    """Request a password reset link by email. The response is the same if there is no such account."""
    await services.accounts.recovery.forgot_password(data.email)
    return Accepted()


@router.post(
    "/reset-password",
    status_code=204,
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidResetToken, WeakPassword),
)
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def reset_password(services: ServicesDep, data: ResetPasswordInput) -> None:
    """Choose a new password with the token from the email. All sessions end."""
    await services.accounts.recovery.reset_password(data.token, data.password)


@router.post(
    "/undo-email-change",
    status_code=204,
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidUndoToken, EmailTaken),
)
@no_idempotency_key(NEEDS_NO_ACCOUNT)
async def undo_email_change(services: ServicesDep, data: VerifyInput) -> None:
    """Restore the old email address with the token that was sent to it.

    All sessions end, the password stops working, and a link to choose a new one is sent to the old address.
    """
    await services.accounts.email_changes.undo(data.token)
