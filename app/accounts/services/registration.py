"""Registering an account, and confirming the email that it claims.

Only the owner of an email learns that it is already in use: registering with it creates an account that claims it
like any other, and only the email that is sent differs.
"""

from sqlalchemy import select

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidVerificationToken
from app.accounts.events import AccountConfirmed, AccountCreated
from app.accounts.models import User
from app.accounts.passwords import check_password
from app.accounts.policies.registration import require_allowed_domain, require_open_registration
from app.accounts.queries import users
from app.accounts.requested_mails import RequestedMail
from app.accounts.schemas.users import RegisterInput
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.invitations import InvitationService
from app.accounts.services.mail_requests import MailRequests
from app.accounts.services.provisioning import UNIQUE_ACCOUNT
from app.accounts.user_manager import VERIFICATION_HOURS, UserManager
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


class RegistrationService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._requests = MailRequests(unit)
        self._manager = UserManager(unit.session, unit.settings)
        self._account_emails = AccountEmails(unit)
        self._invitations = InvitationService(unit)

    async def register(self, data: RegisterInput) -> None:
        """Create an account that claims an email, and write to that address.

        Raises `RegistrationClosed`, `InvalidInvitation`, `EmailDomainNotAllowed`, `WeakPassword`, `UsernameTaken` or
        `TooManyRequests`; none of these uses up the invitation.
        """
        require_open_registration(self._unit.settings.registration, data.invitation)
        self.require_allowed_domain(data.email)
        invitation = await self._invitations.found(data.invitation) if data.invitation is not None else None
        await check_password(data.password, email=data.email, username=data.username)
        await self._requests.require_room(data.email)
        user = User(
            pending_email=data.email,
            username=data.username,
            display_name=data.display_name or data.username,
            role=invitation.role if invitation is not None else self._unit.settings.default_role,
            hashed_password=await self._unit.passwords.hash(data.password),
        )
        self._unit.session.add(user)
        with translating(UNIQUE_ACCOUNT):
            await self._unit.session.flush()
        if invitation is not None:
            await self._invitations.use(invitation, user)
        self._unit.audit.record(actions.ACCOUNT_REGISTERED, actor=user, subject=user)
        await self.mail_claimed_email(user)
        await self._unit.emit(AccountCreated(user.id, user.id))

    def require_allowed_domain(self, email: str) -> None:
        """Require an email that an account may claim. Raises `EmailDomainNotAllowed`."""
        require_allowed_domain(email, self._unit.settings)

    async def mail_claimed_email(self, user: User) -> None:
        """Send the confirmation link for the email that an account claims, or a notice if it has another owner."""
        email = user.pending_email or user.email
        if email is None:
            return
        owner = await self._owner_of(email)
        # As many statements either way: registering must not take longer for one of them.
        if owner is not None and owner is not user:
            self._unit.outbox.put(self._unit.messages.registration_attempt(email, owner.username))
        else:
            self._mail_link(user, email)

    async def _owner_of(self, email: str) -> User | None:
        owner: User | None = await self._unit.session.scalar(select(User).where(User.email == email, users.exists))
        return owner

    def _mail_link(self, user: User, email: str) -> None:
        token = self._manager.verification_token(user, email)
        self._unit.outbox.put(self._unit.messages.verification(email, user.username, token, VERIFICATION_HOURS))

    async def request_verification(self, email: str) -> None:
        """Request the link again, if there is an account that needs it. Raises `TooManyRequests`."""
        await self._requests.put(RequestedMail.VERIFICATION, email)

    async def mail_verification(self, email: str) -> None:
        """Send that link, now that the response no longer depends on it.

        However many accounts claim the address, its owner is told once, and links are limited like requests.
        """
        waiting = (await self._unit.session.scalars(users.waiting_for_confirmation(email))).all()
        owner = await self._owner_of(email)
        claims = [user for user in waiting if owner is None or user is owner]
        if len(claims) < len(waiting) and owner is not None:
            self._unit.outbox.put(self._unit.messages.registration_attempt(email, owner.username))
        for user in claims:
            if not await self._requests.may_send("links", email):
                return
            self._mail_link(user, email)

    async def verify(self, token: str) -> User:
        """Confirm the email with the emailed token. Raises `InvalidVerificationToken`."""
        user = await self._manager.verify(token)
        await self._unit.session.refresh(user, with_for_update=True)
        # Once more under the lock: of two who redeem tokens at once the second may be too late.
        if await self._manager.verify(token) is not user:
            raise InvalidVerificationToken
        before = user.email
        user.confirm_email()
        with translating({"uq_users_email": InvalidVerificationToken()}):
            await self._unit.session.flush()
        if before is not None and before != user.email:
            await self._tell_former_email(user, before)
        self._unit.audit.record(actions.EMAIL_CONFIRMED, actor=user, subject=user)
        await self._unit.emit(AccountConfirmed(user.id, user.id))
        return user

    async def _tell_former_email(self, user: User, former: str) -> None:
        change = await self._unit.session.scalar(users.newest_email_change(user))
        if change is not None:
            await self._account_emails.email_changed(user, former, change)
