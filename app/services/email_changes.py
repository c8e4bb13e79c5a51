"""Changing the address of an account: the new one confirms, the old one may object."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import EmailTaken
from app.core.limits import RateLimiter
from app.core.passwords import UNUSABLE
from app.db.constraints import translating
from app.db.queries import personal_tokens
from app.mail.messages import MessageWriter
from app.policies.actors import Principal
from app.policies.limits import MAIL_TO_ADDRESS
from app.schemas.users import EmailChangeInput
from app.services.audit import AuditLog
from app.services.outbox import Outbox
from app.services.protection import Protection
from app.services.reauthentication import Reauthentication
from app.services.recovery import RecoveryService
from app.services.registration import RegistrationService
from app.services.sessions import SessionService
from app.services.user_manager import UNDO_DAYS, UserManager


class EmailChangeService:
    def __init__(
        self,
        session: AsyncSession,
        limiter: RateLimiter,
        manager: UserManager,
        registration: RegistrationService,
        recovery: RecoveryService,
        sessions: SessionService,
        protection: Protection,
        reauthentication: Reauthentication,
        outbox: Outbox,
        messages: MessageWriter,
        audit: AuditLog,
    ) -> None:
        self._session = session
        self._limiter = limiter
        self._manager = manager
        self._registration = registration
        self._recovery = recovery
        self._sessions = sessions
        self._protection = protection
        self._reauthentication = reauthentication
        self._outbox = outbox
        self._messages = messages
        self._audit = audit

    async def request(self, principal: Principal, data: EmailChangeInput) -> None:
        """Claim another address; it becomes the account's own once it is confirmed, and the present one is told.

        Whether the address is somebody else's already is not told. Raises `WrongPassword`, `RecentLoginRequired`,
        `EmailDomainNotAllowed` or `TooManyRequests`.
        """
        await self._reauthentication.require(principal, data.current_password)
        self._registration.require_allowed_domain(data.email)
        await self._limiter.hit(MAIL_TO_ADDRESS, data.email)
        user = principal.account
        await self._session.refresh(user, with_for_update=True)
        if data.email == user.email:
            user.pending_email = None
            return
        user.pending_email = data.email
        await self._session.flush()
        self._audit.record("account.address_change_requested", actor=user, subject=user)
        await self._registration.write_to_claimed_address(user)
        if user.email is not None:
            token = self._manager.undo_token(user, user.email, data.email)
            mail = self._messages.email_change(user.email, user.username, data.email, token, UNDO_DAYS)
            self._outbox.put(mail)

    async def withdraw(self, principal: Principal) -> None:
        """Keep the present address after all."""
        user = principal.account
        await self._session.refresh(user, with_for_update=True)
        if user.email is not None:
            user.pending_email = None

    async def undo(self, token: str) -> None:
        """Give the account its old address back, with the token that was mailed there. Raises `InvalidUndoToken`.

        If it was not the owner who changed it, somebody else knows the password: every login ends, so does every other
        way in that was added since the link could have been made, and a link to choose a new password is mailed to the
        old address. Raises `EmailTaken` if that is somebody else's by now.
        """
        undone = await self._manager.undone_change(token)
        user = undone.user
        user.email, user.is_verified, user.pending_email = undone.old, True, None
        user.hashed_password = UNUSABLE
        with translating({"uq_users_email": EmailTaken()}):
            await self._session.flush()
        await self._sessions.end_all(user)
        await self._session.execute(personal_tokens.deleted_with(user.id))
        await self._protection.forget_since(user, clock.now() - timedelta(days=UNDO_DAYS))
        await self._session.flush()
        await self._session.refresh(user)
        self._audit.record("account.address_change_undone", actor=user, subject=user)
        self._recovery.mail_reset_link(user, undone.old)
