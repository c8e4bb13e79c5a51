"""Registering an account, and confirming the email that it claims.

Only the owner of an email learns that it is already in use: registering with it creates an account that claims it
like any other, and only the email that is sent differs.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.errors import InvalidVerificationToken
from app.accounts.models import RequestedMail, User
from app.accounts.passwords import check_password
from app.accounts.policies.registration import require_allowed_domain, require_open_registration
from app.accounts.queries import users
from app.accounts.schemas.users import RegisterInput
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.invitations import InvitationService
from app.accounts.services.mail_requests import MailRequests
from app.accounts.services.provisioning import UNIQUE_ACCOUNT
from app.accounts.user_manager import UNDO_DAYS, VERIFICATION_HOURS, UserManager
from app.audit.log import AuditLog
from app.core.config import Settings
from app.core.password_hasher import PasswordHasher
from app.core.rate_limiter import RateLimiter
from app.core.rate_limits import MAILS_TO_RECIPIENT
from app.db.constraints import translating
from app.mail.messages import MessageWriter
from app.mail.outbox import Outbox


class RegistrationService:
    def __init__(
        self,
        session: AsyncSession,
        settings: Settings,
        passwords: PasswordHasher,
        limiter: RateLimiter,
        requests: MailRequests,
        manager: UserManager,
        outbox: Outbox,
        messages: MessageWriter,
        audit: AuditLog,
        account_emails: AccountEmails,
        invitations: InvitationService,
    ) -> None:
        self._session = session
        self._settings = settings
        self._passwords = passwords
        self._limiter = limiter
        self._requests = requests
        self._manager = manager
        self._outbox = outbox
        self._messages = messages
        self._audit = audit
        self._account_emails = account_emails
        self._invitations = invitations

    async def register(self, data: RegisterInput) -> None:
        """Create an account that claims an email, and write to that address.

        Raises `RegistrationClosed`, `InvalidInvitation`, `EmailDomainNotAllowed`, `WeakPassword`, `UsernameTaken` or
        `TooManyRequests`; none of these uses up the invitation.
        """
        require_open_registration(self._settings.registration, data.invitation)
        self.require_allowed_domain(data.email)
        invitation = await self._invitations.found(data.invitation) if data.invitation is not None else None
        await check_password(data.password, email=data.email, username=data.username)
        await self._limiter.hit(MAILS_TO_RECIPIENT, data.email)
        user = User(
            pending_email=data.email,
            username=data.username,
            display_name=data.display_name or data.username,
            role=invitation.role if invitation is not None else self._settings.default_role,
            hashed_password=await self._passwords.hash(data.password),
        )
        self._session.add(user)
        with translating(UNIQUE_ACCOUNT):
            await self._session.flush()
        if invitation is not None:
            await self._invitations.use(invitation, user)
        self._audit.record("account.registered", actor=user, subject=user)
        await self.mail_claimed_email(user)

    def require_allowed_domain(self, email: str) -> None:
        """Require an email that an account may claim. Raises `EmailDomainNotAllowed`."""
        require_allowed_domain(email, self._settings.allowed_email_domains, self._settings.blocked_email_domains)

    async def mail_claimed_email(self, user: User) -> None:
        """Send the confirmation link for the email that an account claims, or a notice if it has another owner."""
        email = user.pending_email or user.email
        if email is None:
            return
        owner = await self._session.scalar(select(User).where(User.email == email, users.exists))
        if owner is not None and owner is not user:
            self._account_emails.registration_attempt(owner)
            return
        token = self._manager.verification_token(user, email)
        self._outbox.put(self._messages.verification(email, user.username, token, VERIFICATION_HOURS))

    async def request_verification(self, email: str) -> None:
        """Request the link again, if there is an account that needs it. Raises `TooManyRequests`."""
        await self._requests.put(RequestedMail.VERIFICATION, email)

    async def mail_verification(self, email: str) -> None:
        """Send that link, now that the response no longer depends on it."""
        for user in (await self._session.scalars(users.waiting_for_confirmation(email))).all():
            await self.mail_claimed_email(user)

    async def verify(self, token: str) -> User:
        """Confirm the email with the emailed token. Raises `InvalidVerificationToken`."""
        user = await self._manager.verify(token)
        await self._session.refresh(user, with_for_update=True)
        # Once more under the lock: of two who redeem tokens at once the second may be too late.
        if await self._manager.verify(token) is not user:
            raise InvalidVerificationToken
        before = user.email
        user.confirm_email()
        with translating({"uq_users_email": InvalidVerificationToken()}):
            await self._session.flush()
        if before is not None and before != user.email:
            await self._tell_former_email(user, before)
        self._audit.record("account.email_confirmed", actor=user, subject=user)
        return user

    async def _tell_former_email(self, user: User, former: str) -> None:
        change = await self._session.scalar(users.newest_email_change(user))
        if change is not None:
            undo = self._manager.undo_token(change)
            self._outbox.put(self._messages.email_change(former, user.username, user.contact_email, undo, UNDO_DAYS))
