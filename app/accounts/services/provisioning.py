"""Accounts created other than by registration."""

from app.accounts import audit_actions as actions
from app.accounts.errors import EmailTaken, UsernameTaken, UserNotFound
from app.accounts.events import AccountConfirmed, AccountCreated
from app.accounts.models import User
from app.accounts.passwords import check_password
from app.accounts.policies.registration import require_reachable_domain
from app.accounts.queries import users
from app.accounts.schemas.users import RegisterInput
from app.core.email_addresses import as_stored
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork

UNIQUE_ACCOUNT = {
    "uq_users_email": EmailTaken(field="email"),
    "uq_users_username": UsernameTaken(field="username"),
}


class ProvisioningService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def create_verified(self, data: RegisterInput, role: Role) -> User:
        """Create an account with a known email.

        Raises `EmailDomainNotAllowed`, `WeakPassword`, `EmailTaken` or `UsernameTaken`.
        """
        require_reachable_domain(data.email, self._unit.settings)
        await check_password(data.password, email=data.email, username=data.username)
        user = User(
            email=data.email,
            username=data.username,
            display_name=data.display_name or data.username,
            role=role,
            hashed_password=await self._unit.passwords.hash(data.password),
            is_verified=True,
        )
        await self._add(user)
        self._unit.audit.record(actions.ACCOUNT_CREATED, subject=user, role=role)
        await self._unit.emit(AccountCreated(user.id, None))
        await self._unit.emit(AccountConfirmed(user.id, None))
        return user

    async def promote(self, login: str) -> User:
        """Make the account with this email or username an active admin. Raises `UserNotFound`.

        This also confirms the email.
        """
        user = await self._unit.session.scalar(users.by_login(as_stored(login)).with_for_update())
        if user is None:
            raise UserNotFound
        before, was_active = user.role, user.is_active
        if user.role is not Role.ADMIN:
            user.role = Role.ADMIN
            user.end_access()
        is_confirmed_now = user.confirm_email()
        user.reactivate()
        with translating(UNIQUE_ACCOUNT):
            await self._unit.session.flush()
        self._unit.audit.record(actions.ACCOUNT_ROLE_CHANGED, subject=user, before=before, role=Role.ADMIN)
        if not was_active:
            self._unit.audit.record(actions.ACCOUNT_REACTIVATED, subject=user)
        if is_confirmed_now:
            await self._unit.emit(AccountConfirmed(user.id, None))
        return user

    async def create_unclaimed(self, username: str, display_name: str, email: str, role: Role = Role.AUTHOR) -> User:
        """Create an account that waits to be claimed.

        No one can log in to it until its password is reset, by email to its address. Raises `EmailDomainNotAllowed`,
        `EmailTaken` or `UsernameTaken`.
        """
        require_reachable_domain(email, self._unit.settings)
        user = User(
            email=email,
            username=username,
            display_name=display_name,
            role=role,
            hashed_password=UNUSABLE,
        )
        await self._add(user)
        self._unit.audit.record(actions.ACCOUNT_CREATED, subject=user, role=role)
        await self._unit.emit(AccountCreated(user.id, None))
        return user

    async def _add(self, user: User) -> None:
        self._unit.session.add(user)
        with translating(UNIQUE_ACCOUNT):
            await self._unit.session.flush()
