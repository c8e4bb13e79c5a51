"""Passwords: forgotten, reset and changed."""

from sqlalchemy import delete

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidResetToken
from app.accounts.events import AccountConfirmed
from app.accounts.models import LoginSession, User
from app.accounts.passwords import check_password
from app.accounts.policies.actors import Principal
from app.accounts.queries import users
from app.accounts.requested_mails import RequestedMail
from app.accounts.schemas.users import ChangePasswordInput
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.locking import lock_account
from app.accounts.services.logins import LoginService
from app.accounts.services.mail_requests import MailRequests
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.user_manager import RESET_HOURS, UserManager
from app.db.constraints import translating
from app.db.session import reading
from app.unit_of_work import UnitOfWork


class RecoveryService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._requests = MailRequests(unit)
        self._manager = UserManager(unit.session, unit.settings)
        self._logins = LoginService(unit)
        self._reauthentication = Reauthentication(unit)
        self._account_emails = AccountEmails(unit)

    async def forgot_password(self, email: str) -> None:
        """Request a password reset link by email, if there is an account. Raises `TooManyRequests`."""
        await self._requests.put(RequestedMail.PASSWORD_RESET, email)

    async def mail_forgotten(self, email: str) -> None:
        """Send that link, now that the response no longer depends on it."""
        user = await self._unit.session.scalar(users.by_login(email))
        if user is not None and user.is_active:
            self.mail_reset_link(user, email)

    def mail_reset_link(self, user: User, email: str) -> None:
        """Email a password reset link; using it ends every login."""
        token = self._manager.reset_token(user)
        self._unit.audit.record(actions.PASSWORD_RESET_REQUESTED, subject=user)
        self._unit.outbox.put(self._unit.messages.password_reset(email, user.username, token, RESET_HOURS))

    async def reset_password(self, token: str, password: str) -> None:
        """Set a new password with the emailed token, which also confirms the email.

        Raises `InvalidResetToken` or `WeakPassword`.
        """
        async with reading(self._unit.session):
            user = await self._manager.user_of_reset_token(token)
        await check_password(password, email=user.contact_email, username=user.username)
        hashed = await self._unit.passwords.hash(password)
        # Once more under a lock, for the token works a single time even when it is used twice at once.
        await self._unit.session.refresh(user, with_for_update=True)
        if await self._manager.user_of_reset_token(token) is not user:
            raise InvalidResetToken
        await self._set_password(user, hashed)
        is_confirmed_now = user.confirm_email()
        with translating({"uq_users_email": InvalidResetToken()}):
            await self._unit.session.flush()
        self._unit.audit.record(actions.PASSWORD_RESET, actor=user, subject=user)
        await self._logins.unlock(user)
        if is_confirmed_now:
            await self._unit.emit(AccountConfirmed(user.id, user.id))

    async def change_password(self, principal: Principal, data: ChangePasswordInput) -> None:
        """Replace the password, given the current one; every login ends.

        Raises `WrongPassword`, `RecentLoginRequired`, `WeakPassword` or `InvalidAccessToken`.
        """
        user = principal.account
        await self._reauthentication.require(principal, data.current_password)
        await check_password(data.new_password, email=user.contact_email, username=user.username, field="new_password")
        hashed = await self._unit.passwords.hash(data.new_password)
        # The password may have been reset meanwhile, because somebody else knew it.
        await lock_account(self._unit.session, principal)
        await self._unit.preconditions.require(None)
        await self._set_password(user, hashed)
        self._unit.audit.record(actions.PASSWORD_CHANGED, actor=user, subject=user)

    async def _set_password(self, user: User, hashed: str) -> None:
        user.change_password(hashed)
        if user.email is not None:
            # Who asked for another address knew the old password; it may not have been the owner.
            user.pending_email = None
        await self._unit.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))
        await self._account_emails.password_changed(user)
