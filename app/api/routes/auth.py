"""Registration, login and recovery."""

from typing import Annotated, Any

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
from app.accounts.schemas.sessions import RefreshInput, TokensOut
from app.accounts.schemas.users import EmailInput, LoginForm, RegisterInput, ResetPasswordInput, UserOut, VerifyInput
from app.api.deps import RefreshCookieDep, ServicesDep, limited
from app.api.openapi import raises
from app.core.errors import TooManyRequests
from app.core.rate_limits import LOGIN, MAIL, REGISTER, TOKEN

router = APIRouter(prefix="/auth", tags=["auth"])


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
        TooManyRequests,
    ),
)
async def register(services: ServicesDep, data: RegisterInput) -> dict[str, Any]:
    """Open an account; a mail with the link that confirms the address follows.

    The answer is the same where the address belongs to somebody already: only its owner is told, by mail. Until the
    address is confirmed, log in with the username.
    """
    await services.registration.register(data)
    return {}


@router.post(
    "/login",
    dependencies=[limited(LOGIN)],
    responses=raises(InvalidCredentials, SecondFactorRequired, OriginNotAllowed, TooManyRequests),
)
async def login(services: ServicesDep, cookie: RefreshCookieDep, form: Annotated[LoginForm, Form()]) -> TokensOut:
    """Log in with e-mail address or username."""
    return cookie.deliver(await services.logins.log_in(form), in_cookie=form.use_cookie)


@router.post(
    "/refresh",
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidRefreshToken, RefreshTokenReused, OriginNotAllowed, TooManyRequests),
)
async def refresh(services: ServicesDep, cookie: RefreshCookieDep, data: RefreshInput) -> TokensOut:
    """Get new tokens for a refresh token, which is used up by that; with the cookie, send an empty object."""
    pair = await services.sessions.refresh(cookie.token_of(data))
    return cookie.deliver(pair, in_cookie=data.refresh_token is None)


@router.post("/request-verify-token", status_code=202, dependencies=[limited(MAIL)], responses=raises(TooManyRequests))
async def request_verify_token(services: ServicesDep, data: EmailInput) -> dict[str, Any]:
    """Have the link that confirms the address mailed once more. The answer is the same without such an account."""
    await services.registration.request_verification(data.email)
    return {}


@router.post("/verify", dependencies=[limited(TOKEN)], responses=raises(InvalidVerificationToken, TooManyRequests))
async def verify(services: ServicesDep, data: VerifyInput) -> UserOut:
    """Confirm the address, the first one or a changed one, with the token from the mail."""
    return UserOut.model_validate(await services.registration.verify(data.token))


@router.post("/forgot-password", status_code=202, dependencies=[limited(MAIL)], responses=raises(TooManyRequests))
async def forgot_password(services: ServicesDep, data: EmailInput) -> dict[str, Any]:
    """Have a link to choose a new password mailed. The answer is the same without such an account."""
    await services.recovery.forgot_password(data.email)
    return {}


@router.post(
    "/reset-password",
    status_code=204,
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidResetToken, WeakPassword, TooManyRequests),
)
async def reset_password(services: ServicesDep, data: ResetPasswordInput) -> None:
    """Choose a new password with the token from the mail; every login ends."""
    await services.recovery.reset_password(data.token, data.password)


@router.post(
    "/undo-email-change",
    status_code=204,
    dependencies=[limited(TOKEN)],
    responses=raises(InvalidUndoToken, EmailTaken, TooManyRequests),
)
async def undo_email_change(services: ServicesDep, data: VerifyInput) -> None:
    """Bring the old address back with the token that was mailed there.

    Every login ends, the password stops working, and a link to choose a new one is mailed to the old address.
    """
    await services.email_changes.undo(data.token)
