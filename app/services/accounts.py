"""What people do with their own account."""

import unicodedata

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import (
    EmailTaken,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidResetToken,
    UsernameTaken,
    UserNotFound,
    WrongPassword,
)
from app.core.passwords import UNUSABLE, PasswordHasher, check_password
from app.core.roles import Role
from app.db.constraints import translating
from app.db.models import User
from app.db.queries import users
from app.db.session import reading
from app.schemas.users import AccessToken, ChangePasswordInput, LoginForm, ProfileUpdate, RegisterInput
from app.services.user_manager import AccessTokens, UserManager

UNIQUE_ACCOUNT = {
    "uq_users_email": EmailTaken(field="email"),
    "uq_users_username": UsernameTaken(field="username"),
}


class AccountService:
    """Registration, login and recovery, on top of fastapi-users."""

    def __init__(
        self, session: AsyncSession, manager: UserManager, tokens: AccessTokens, passwords: PasswordHasher
    ) -> None:
        self._session = session
        self._manager = manager
        self._tokens = tokens
        self._passwords = passwords

    async def register(self, data: RegisterInput, role: Role) -> User:
        """Open an account and mail the link that confirms its address.

        Raises `WeakPassword`, `EmailTaken` or `UsernameTaken`.
        """
        user = await self._create(data, role)
        await self._manager.request_verify(user)
        return user

    async def create_verified(self, data: RegisterInput, role: Role) -> User:
        """Open an account for somebody whose address is known; raises what `register` does."""
        user = await self._create(data, role)
        user.is_verified = True
        await self._session.flush()
        return user

    async def promote(self, login: str) -> User:
        """Make the account with this e-mail address or username an active admin. Raises `UserNotFound`."""
        user = await self._session.scalar(users.by_login(login.strip().lower()).with_for_update())
        if user is None:
            raise UserNotFound
        user.role = Role.ADMIN
        user.is_verified = True
        user.reactivate()
        await self._session.flush()
        return user

    async def create_unclaimed(self, username: str, display_name: str, email: str) -> User:
        """An account that waits to be claimed; raises `EmailTaken` or `UsernameTaken`.

        Nobody can log in to it before its password is reset, by mail to its address.
        """
        user = User(
            email=email,
            username=username,
            display_name=display_name,
            role=Role.AUTHOR,
            hashed_password=UNUSABLE,
        )
        self._session.add(user)
        with translating(UNIQUE_ACCOUNT):
            await self._session.flush()
        return user

    async def _create(self, data: RegisterInput, role: Role) -> User:
        check_password(data.password, email=data.email, username=data.username)
        user = User(
            email=data.email,
            username=data.username,
            display_name=data.display_name or data.username,
            role=role,
            hashed_password=await self._passwords.hash(data.password),
        )
        self._session.add(user)
        with translating(UNIQUE_ACCOUNT):
            await self._session.flush()
        return user

    async def log_in(self, form: LoginForm) -> AccessToken:
        """A token for the account with this e-mail address or username. Raises `InvalidCredentials`."""
        async with reading(self._session):
            user = await self._session.scalar(users.by_login(_as_stored(form.username)))
        is_right, better_hash = await self._passwords.verify(form.password, user.hashed_password if user else None)
        if user is None or not is_right or not user.is_active:
            raise InvalidCredentials
        if better_hash:
            await self._replace_hash(user, better_hash)
        return AccessToken(
            access_token=await self._tokens.write_token(user), expires_in=self._tokens.lifetime_seconds or 0
        )

    async def _replace_hash(self, user: User, better_hash: str) -> None:
        """Only if the password has not been changed meanwhile."""
        unchanged = (User.id == user.id) & (User.hashed_password == user.hashed_password)
        await self._session.execute(update(User).where(unchanged).values(hashed_password=better_hash))

    async def read_token(self, token: str) -> User:
        """Whom an access token was written for. Raises `InvalidAccessToken`."""
        async with reading(self._session):
            return await self._tokens.read_token(token, self._manager)

    async def log_out(self, user: User) -> None:
        """End every login of this account."""
        user.end_access()

    async def request_verification(self, email: str) -> None:
        """Mail the link once more, if there is an account that still needs it."""
        user = await self._session.scalar(users.by_login(email))
        if user is not None and user.is_active and not user.is_verified:
            await self._manager.request_verify(user)

    async def verify(self, token: str) -> User:
        """Confirm the address. Raises `InvalidVerificationToken`."""
        return await self._manager.verify(token)

    async def forgot_password(self, email: str) -> None:
        """Mail a link to choose a new password, if there is an account."""
        user = await self._session.scalar(users.by_login(email))
        if user is not None and user.is_active:
            await self._manager.forgot_password(user)

    async def reset_password(self, token: str, password: str) -> None:
        """Choose a new password with the mailed token; whoever reads the mail owns the address.

        Raises `InvalidResetToken` or `WeakPassword`.
        """
        async with reading(self._session):
            user = await self._manager.user_of_reset_token(token)
        check_password(password, email=user.email, username=user.username)
        hashed = await self._passwords.hash(password)
        # Once more under a lock, for the token works a single time even when it is used twice at once.
        await self._session.refresh(user, with_for_update=True)
        if await self._manager.user_of_reset_token(token) is not user:
            raise InvalidResetToken
        user.change_password(hashed)
        user.is_verified = True

    async def change_password(self, user: User, data: ChangePasswordInput) -> None:
        """Choose a new password knowing the old one; every login ends. Raises `WrongPassword` or `WeakPassword`."""
        is_right, _ = await self._passwords.verify(data.current_password, user.hashed_password)
        if not is_right:
            raise WrongPassword(field="current_password")
        check_password(data.new_password, email=user.email, username=user.username, field="new_password")
        hashed, checked = await self._passwords.hash(data.new_password), user.hashed_password
        # Once more under a lock: the password may have been reset meanwhile, because somebody else knew it.
        await self._session.refresh(user, with_for_update=True)
        if user.hashed_password != checked:
            raise WrongPassword(field="current_password")
        user.change_password(hashed)

    async def update_profile(self, user: User, data: ProfileUpdate) -> User:
        """Change what others see of the account. Raises `UsernameTaken`."""
        # An admin may have deleted the account since it was loaded; what was forgotten must not come back.
        await self._session.refresh(user, with_for_update=True)
        if not user.is_active:
            raise InvalidAccessToken
        for name in data.model_fields_set:
            setattr(user, name, getattr(data, name))
        with translating(UNIQUE_ACCOUNT):
            await self._session.flush()
        return user


def _as_stored(login: str) -> str:
    """A login as addresses and usernames are stored: an `ü` may also have been typed as two characters."""
    return unicodedata.normalize("NFC", login.strip()).lower()
