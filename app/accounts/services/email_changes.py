"""Changing an account's email: the new address confirms the change, the old one can undo it."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.accounts import audit_actions as actions
from app.accounts.errors import EmailTaken, InvalidUndoToken
from app.accounts.events import AccountConfirmed
from app.accounts.models import EmailChange, User
from app.accounts.policies.actors import Principal
from app.accounts.schemas.users import EmailChangeInput
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.credentials import end_credentials
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.locking import lock_account
from app.accounts.services.mail_requests import MailRequests
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.recovery import RecoveryService
from app.accounts.services.registration import RegistrationService
from app.accounts.services.second_factor_state import SecondFactorState
from app.accounts.services.sessions import SessionService
from app.accounts.user_manager import UNDO_DAYS, UserManager
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


class EmailChangeService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._manager = UserManager(unit.session, unit.settings)
        self._registration = RegistrationService(unit)
        self._recovery = RecoveryService(unit)
        self._sessions = SessionService(unit)
        self._deletions = AccountDeletionService(unit)
        self._second_factor_state = SecondFactorState(unit)
        self._reauthentication = Reauthentication(unit)
        self._account_emails = AccountEmails(unit)

    async def request(self, principal: Principal, data: EmailChangeInput) -> None:
        """Claim a new email; it takes effect once confirmed, and the current address is notified.

        The caller is not told whether the address belongs to someone else. Raises `WrongPassword`,
        `RecentLoginRequired`, `EmailDomainNotAllowed` or `TooManyRequests`.
        """
        await self._reauthentication.require(principal, data.current_password)
        self._registration.require_allowed_domain(data.email)
        await MailRequests(self._unit).require_room(data.email)
        user = principal.account
        await lock_account(self._unit.session, principal)
        await self._unit.preconditions.require(None)
        if data.email == user.email:
            user.pending_email = None
            return
        user.pending_email = data.email
        await self._unit.session.flush()
        self._unit.audit.record(actions.EMAIL_CHANGE_REQUESTED, actor=user, subject=user)
        await self._registration.mail_claimed_email(user)
        if user.email is not None:
            await self._tell_present_email(user, user.email, data.email)

    async def _tell_present_email(self, user: User, present: str, wished: str) -> None:
        change = EmailChange(user_id=user.id, old_email=present, new_email=wished)
        self._unit.session.add(change)
        await self._unit.session.flush()
        await self._account_emails.email_change_requested(user, change)

    async def withdraw(self, principal: Principal) -> None:
        """Cancel the change and keep the current email."""
        user = principal.account
        await lock_account(self._unit.session, principal)
        if user.pending_email is None:
            self._unit.preconditions.require_absent()
        if user.email is not None:
            user.pending_email = None

    async def undo(self, token: str) -> None:
        """Restore the old email, with the token that was sent there. Raises `InvalidUndoToken`.

        If the owner did not make the change, someone else knows the password. So every login and every token ends, all
        other credentials that were made since the change was requested or in the past week are removed, the deletion of
        the account is cancelled, and a password reset link is sent to the old address. Raises `EmailTaken` if that
        address now belongs to someone else.
        """
        user, change = await self._locked(token)
        old = change.old_email
        user.email, user.is_verified, user.pending_email = old, True, None
        user.hashed_password = UNUSABLE
        with translating({"uq_users_email": EmailTaken()}):
            await self._unit.session.flush()
        # What the account was moved on to from there cannot object: a thief would bring his own address back.
        await self._unit.session.execute(
            delete(EmailChange).where(EmailChange.user_id == user.id, EmailChange.id >= change.id)
        )
        await self._sessions.end_all(user)
        since = min(change.requested_at, clock.now() - timedelta(days=UNDO_DAYS))
        ended = await end_credentials(self._unit.session, user, since)
        await self._second_factor_state.settle(user)
        await self._deletions.cancel(user)
        await self._unit.session.flush()
        await self._unit.session.refresh(user)
        self._unit.audit.record(actions.EMAIL_CHANGE_UNDONE, actor=user, subject=user, ended=ended)
        self._recovery.mail_reset_link(user, old)
        await self._unit.emit(AccountConfirmed(user.id, user.id))

    async def _locked(self, token: str) -> tuple[User, EmailChange]:
        """The account and its change, if it can still be undone. Raises `InvalidUndoToken`."""
        user_id, change_id = self._manager.undone_by(token)
        user = await self._unit.session.scalar(select(User).where(User.id == user_id, User.is_active).with_for_update())
        change = await self._unit.session.scalar(
            select(EmailChange).where(EmailChange.id == change_id, EmailChange.user_id == user_id)
        )
        if user is None or change is None:
            raise InvalidUndoToken
        # Whatever has been requested since is undone with it: the notice of that may still be waiting.
        if user.email == change.old_email and user.pending_email is None:
            raise InvalidUndoToken("Nothing to undo: the account already has this email address.")
        return user, change
