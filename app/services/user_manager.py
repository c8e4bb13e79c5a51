"""fastapi-users, as far as it is used here: its adapter, its token strategy and its manager.

Everything that knows fastapi-users is in this file, so that it can be replaced. What its own classes do is kept but
for what would break a rule of this code base: they commit by themselves, hash on the event loop and issue tokens
that outlive the password.
"""

import hashlib
import hmac

import jwt
from fastapi_users import BaseUserManager, IntegerIDMixin, InvalidID, exceptions
from fastapi_users.authentication import JWTStrategy
from fastapi_users.jwt import decode_jwt, generate_jwt
from fastapi_users_db_sqlalchemy import SQLAlchemyUserDatabase
from sqlalchemy import select
from starlette.requests import Request

from app.core.config import Settings
from app.core.errors import InvalidAccessToken, InvalidResetToken, InvalidVerificationToken
from app.db.models import User
from app.mail.messages import MessageWriter
from app.schemas.base import MAX_ID
from app.services.outbox import Outbox

VERIFICATION_HOURS = 48
RESET_HOURS = 2
_VERSION_CLAIM = "ver"

# Mapped columns are not the plain attributes that fastapi-users' protocol for users asks for, hence the ignores.


class UserDatabase(SQLAlchemyUserDatabase[User, int]):  # type: ignore[type-var]
    """The adapter that flushes where the stock one commits: the request owns the transaction."""

    async def get_by_email(self, email: str) -> User | None:
        user: User | None = await self.session.scalar(select(User).where(User.email == email))
        return user

    async def update(self, user: User, update_dict: dict[str, object]) -> User:
        for key, value in update_dict.items():
            setattr(user, key, value)
        await self.session.flush()
        return user


class AccessTokens(JWTStrategy[User, int]):  # type: ignore[type-var]
    """JWTs that carry the account's token version, and so end when it is raised."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.access_secret_key, settings.access_token_expire_seconds)

    async def write_token(self, user: User) -> str:
        claims = {"sub": str(user.id), "aud": self.token_audience, _VERSION_CLAIM: user.token_version}
        return generate_jwt(claims, self.encode_key, self.lifetime_seconds, algorithm=self.algorithm)

    async def read_token(self, token: str | None, user_manager: BaseUserManager[User, int]) -> User:  # type: ignore[type-var]
        """The active account that the token was written for. Raises `InvalidAccessToken`."""
        user = await super().read_token(token, user_manager)
        if user is None or not user.is_active:
            raise InvalidAccessToken
        claims = decode_jwt(token or "", self.decode_key, self.token_audience, algorithms=[self.algorithm])
        if claims.get(_VERSION_CLAIM) != user.token_version:
            raise InvalidAccessToken
        return user


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):  # type: ignore[type-var]
    """Issues and redeems the tokens that are mailed to people."""

    def __init__(self, user_db: UserDatabase, settings: Settings, outbox: Outbox, messages: MessageWriter) -> None:
        super().__init__(user_db)
        self.verification_token_secret = settings.verification_secret_key
        self.verification_token_lifetime_seconds = VERIFICATION_HOURS * 3600
        self.reset_password_token_secret = settings.reset_password_secret_key
        self.reset_password_token_lifetime_seconds = RESET_HOURS * 3600
        self._outbox = outbox
        self._messages = messages

    def parse_id(self, value: object) -> int:
        number = super().parse_id(value)
        if not 0 < number <= MAX_ID:
            raise InvalidID
        return number

    async def verify(self, token: str, request: Request | None = None) -> User:
        """Mark the address as the account's own. Raises `InvalidVerificationToken`."""
        try:
            return await super().verify(token, request)
        except (exceptions.InvalidVerifyToken, exceptions.UserAlreadyVerified) as error:
            raise InvalidVerificationToken from error

    async def on_after_request_verify(self, user: User, token: str, request: Request | None = None) -> None:
        self._outbox.put(self._messages.verification(user.email, user.username, token, VERIFICATION_HOURS))

    async def forgot_password(self, user: User, request: Request | None = None) -> None:
        """Mail a token that works once: it is bound to the password and address that the account has now."""
        claims = {
            "sub": str(user.id),
            "password_fgpt": self._fingerprint(user),
            "aud": self.reset_password_token_audience,
        }
        token = generate_jwt(claims, self.reset_password_token_secret, self.reset_password_token_lifetime_seconds)
        self._outbox.put(self._messages.password_reset(user.email, user.username, token, RESET_HOURS))

    async def user_of_reset_token(self, token: str) -> User:
        """The active account that may choose a new password with this token. Raises `InvalidResetToken`."""
        try:
            claims = decode_jwt(token, self.reset_password_token_secret, [self.reset_password_token_audience])
            user = await self.get(self.parse_id(claims.get("sub")))
        except (jwt.PyJWTError, InvalidID, exceptions.UserNotExists) as error:
            raise InvalidResetToken from error
        if not user.is_active or not self._is_fingerprint(claims.get("password_fgpt"), user):
            raise InvalidResetToken
        return user

    def _fingerprint(self, user: User) -> str:
        secret = self.reset_password_token_secret
        key = secret if isinstance(secret, str) else secret.get_secret_value()
        text = f"{user.id}:{user.token_version}:{user.email}:{user.hashed_password}"
        return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _is_fingerprint(self, value: object, user: User) -> bool:
        return isinstance(value, str) and hmac.compare_digest(value.encode(), self._fingerprint(user).encode())
