"""The parts of fastapi-users that are used here: its adapter, token strategy and user manager.

All code that knows fastapi-users is in this file, so that it can be replaced. The behaviour of its classes is kept
except where it breaks a rule of this code base: they commit by themselves, hash on the event loop, know only one
secret at a time, and issue tokens that outlive the password.
"""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from fastapi_users import BaseUserManager, IntegerIDMixin, InvalidID, exceptions
from fastapi_users.authentication import JWTStrategy
from fastapi_users_db_sqlalchemy import SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from app.accounts.errors import InvalidAccessToken, InvalidResetToken, InvalidUndoToken, InvalidVerificationToken
from app.accounts.models import EmailChange, User
from app.core.config import Settings
from app.core.schemas.base import MAX_ID
from app.core.signed_tokens import BadToken, SignedTokens

VERIFICATION_HOURS = 48
RESET_HOURS = 2
UNDO_DAYS = 7

# Mapped columns are not the plain attributes that fastapi-users' protocol for users asks for, hence the ignores.


class AccessTokens(JWTStrategy[User, int]):  # type: ignore[type-var]
    """JWTs that carry the account's token version and the login session, and become invalid with either."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.access_secret_key[0], settings.access_token_expire_seconds, ["colophon:access"])
        self._signed = SignedTokens(settings.access_secret_key, self.token_audience[0])

    @property
    def lifetime(self) -> timedelta:
        return timedelta(seconds=self.lifetime_seconds or 0)

    async def write_token(self, user: User, session_id: int = 0) -> str:
        return self._signed.sign(self.lifetime, sub=str(user.id), sid=session_id, ver=user.token_version)

    def claims_of(self, token: str) -> "AccessClaims":
        """The claims of a token, without checking that the session still exists. Raises `InvalidAccessToken`."""
        try:
            claims = self._signed.read(token)
        except BadToken as error:
            raise InvalidAccessToken from error
        return AccessClaims(claims)


class AccessClaims:
    def __init__(self, claims: dict[str, Any]) -> None:
        self.user_id = _id_of(claims.get("sub"))
        self.session_id = _whole(claims.get("sid"))
        self.version = _whole(claims.get("ver"))


def _id_of(value: object) -> int:
    # Digits only, and not too many: what is compared with a column has to fit into it.
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MAX_ID))
    return _whole(int(value)) if is_number and isinstance(value, str) else _whole(None)


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise InvalidAccessToken
    return value


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]
    """Issues and redeems the tokens sent by email; each is bound to what it was issued for."""

    def __init__(self, session: AsyncSession, settings: Settings) -> None:
        # The adapter commits in what it writes; nothing is written through it here.
        super().__init__(SQLAlchemyUserDatabase(session, User))  # type: ignore[type-var]
        self._verification = SignedTokens(settings.verification_secret_key, self.verification_token_audience)
        self._reset = SignedTokens(settings.reset_password_secret_key, self.reset_password_token_audience)
        self._undo = SignedTokens(settings.verification_secret_key, "colophon:undo-email-change")
        self._fingerprint_keys = [key.get_secret_value() for key in settings.reset_password_secret_key]

    def parse_id(self, value: object) -> int:
        number = super().parse_id(value)
        if not 0 < number <= MAX_ID:
            raise InvalidID
        return number

    def verification_token(self, user: User, email: str) -> str:
        """A token that confirms that the account's owner receives email at this address."""
        return self._verification.sign(timedelta(hours=VERIFICATION_HOURS), sub=str(user.id), email=email)

    async def verify(self, token: str, request: Request | None = None) -> User:
        """The account whose email the token confirms. Raises `InvalidVerificationToken`.

        The token is valid while the account claims that address and has not confirmed it yet.
        """
        try:
            claims = self._verification.read(token)
            user = await self.get(self.parse_id(claims.get("sub")))
        except (BadToken, InvalidID, exceptions.UserNotExists) as error:
            raise InvalidVerificationToken from error
        claimed = user.pending_email if user.is_verified else user.pending_email or user.email
        if not user.is_active or claimed is None or claims.get("email") != claimed:
            raise InvalidVerificationToken
        return user

    def reset_token(self, user: User) -> str:
        """A single-use token: it is bound to the account's current password and email."""
        fingerprint = self._fingerprint(user, self._fingerprint_keys[0])
        return self._reset.sign(timedelta(hours=RESET_HOURS), sub=str(user.id), fingerprint=fingerprint)

    async def user_of_reset_token(self, token: str) -> User:
        """The active account whose password may be reset with this token. Raises `InvalidResetToken`."""
        try:
            claims = self._reset.read(token)
            user = await self.get(self.parse_id(claims.get("sub")))
        except (BadToken, InvalidID, exceptions.UserNotExists) as error:
            raise InvalidResetToken from error
        if not user.is_active or not self._is_fingerprint(claims.get("fingerprint"), user):
            raise InvalidResetToken
        return user

    def undo_token(self, change: EmailChange) -> str:
        """A token that undoes an email change."""
        return self._undo.sign(timedelta(days=UNDO_DAYS), sub=str(change.user_id), change=change.id)

    def undone_by(self, token: str) -> tuple[int, int]:
        """The ids of the user and of the email change that the token undoes. Raises `InvalidUndoToken`."""
        try:
            claims = self._undo.read(token)
            return self.parse_id(claims.get("sub")), self.parse_id(claims.get("change"))
        except (BadToken, InvalidID) as error:
            raise InvalidUndoToken from error

    def _fingerprint(self, user: User, key: str) -> str:
        text = f"{user.id}:{user.token_version}:{user.email}:{user.pending_email}:{user.hashed_password}"
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _is_fingerprint(self, value: object, user: User) -> bool:
        return isinstance(value, str) and any(
            hmac.compare_digest(value.encode(), self._fingerprint(user, key).encode()) for key in self._fingerprint_keys
        )
