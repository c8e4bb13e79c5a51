"""Registration, login and recovery."""

from typing import Annotated, Any

from fastapi import APIRouter, Form

from app.api.deps import AccountDep, ServicesDep, SettingsDep
from app.api.openapi import raises
from app.core.errors import (
    EmailTaken,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidResetToken,
    InvalidVerificationToken,
    Unauthenticated,
    UsernameTaken,
    WeakPassword,
)
from app.schemas.users import (
    AccessToken,
    EmailInput,
    LoginForm,
    RegisterInput,
    ResetPasswordInput,
    UserOut,
    VerifyInput,
)

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", status_code=201, responses=raises(EmailTaken, UsernameTaken, WeakPassword))
async def register(services: ServicesDep, settings: SettingsDep, data: RegisterInput) -> UserOut:
    """Open an account; a mail with the link that confirms the address follows."""
    return UserOut.model_validate(await services.accounts.register(data, settings.default_role))


@router.post("/login", responses=raises(InvalidCredentials))
async def login(services: ServicesDep, form: Annotated[LoginForm, Form()]) -> AccessToken:
    """Log in with e-mail address or username."""
    return await services.accounts.log_in(form)


@router.post("/logout", status_code=204, responses=raises(Unauthenticated, InvalidAccessToken))
async def logout(services: ServicesDep, account: AccountDep) -> None:
    """Log out everywhere: every access token of the account stops working at once."""
    await services.accounts.log_out(account)


@router.post("/request-verify-token", status_code=202)
async def request_verify_token(services: ServicesDep, data: EmailInput) -> dict[str, Any]:
    """Have the link that confirms the address mailed once more. The answer is the same without such an account."""
    await services.accounts.request_verification(data.email)
    return {}


@router.post("/verify", responses=raises(InvalidVerificationToken))
async def verify(services: ServicesDep, data: VerifyInput) -> UserOut:
    """Confirm the address with the token from the mail."""
    return UserOut.model_validate(await services.accounts.verify(data.token))


@router.post("/forgot-password", status_code=202)
async def forgot_password(services: ServicesDep, data: EmailInput) -> dict[str, Any]:
    """Have a link to choose a new password mailed. The answer is the same without such an account."""
    await services.accounts.forgot_password(data.email)
    return {}


@router.post("/reset-password", status_code=204, responses=raises(InvalidResetToken, WeakPassword))
async def reset_password(services: ServicesDep, data: ResetPasswordInput) -> None:
    """Choose a new password with the token from the mail; every login ends."""
    await services.accounts.reset_password(data.token, data.password)
