"""Signing in with a provider, which confirms the user's identity."""

from collections.abc import Iterator

from app.accounts import audit_actions as actions
from app.accounts.errors import AccountNotLinked, EmailTaken, InvalidCredentials, ProviderEmailUnverified, UsernameTaken
from app.accounts.events import AccountConfirmed, AccountCreated
from app.accounts.identities.identity import Identity
from app.accounts.models import User
from app.accounts.policies.registration import require_allowed_domain, require_open_registration
from app.accounts.queries import providers
from app.accounts.schemas.providers import AuthorizationOut, ProviderOut, ProviderSignInInput
from app.accounts.services.logins import LoginService
from app.accounts.services.provider_flows import ProviderFlows
from app.accounts.services.provider_links import ProviderLinkService
from app.accounts.services.provisioning import UNIQUE_ACCOUNT
from app.accounts.services.sessions import TokenPair
from app.core.password_hasher import UNUSABLE
from app.core.roles import Role
from app.core.slugs import alternatives, slug_for
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork

_SIGN_IN = "sign in"
_USERNAME_MIN_LENGTH = 3
# As long as a username may be, less what makes one that is taken another.
_USERNAME_BASE_LENGTH = 31


class ProviderSignInService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._flows = ProviderFlows(unit)
        self._links = ProviderLinkService(unit)
        self._logins = LoginService(unit)

    def offered(self) -> list[ProviderOut]:
        """The providers that users can sign in with here."""
        return [ProviderOut(name=name) for name in self._flows.names()]

    async def begin(self, provider: str) -> AuthorizationOut:
        """The URL to send a user to for signing in. Raises `UnknownProvider` or `ProviderFailed`."""
        return await self._flows.begin(provider, _SIGN_IN)

    async def sign_in(self, provider: str, data: ProviderSignInInput) -> TokenPair:
        """Begin a session for the identity that came back, opening an account if necessary.

        Raises what `ProviderFlows.finish` and `LoginService.finish_first_factor` raise, `InvalidCredentials` for an
        account that is not active, and for an identity that is not linked yet: `ProviderEmailUnverified`,
        `AccountNotLinked`, `ProviderAlreadyLinked`, `ProviderAccountTaken`, `RegistrationClosed`,
        `InvalidInvitation` or `EmailDomainNotAllowed`.
        """
        # First, while no connection to the database is held.
        identity = await self._flows.finish(provider, _SIGN_IN, data)
        user = await self._unit.session.scalar(providers.owner_of(identity.provider, identity.subject))
        if user is None:
            user = await self._link(identity)
        await self._unit.session.refresh(user, with_for_update=True)
        self._require_active(user)
        # Once more under the lock: it may have been unlinked meanwhile, to keep somebody out.
        if await self._unit.session.scalar(providers.owner_of(identity.provider, identity.subject)) is not user:
            raise InvalidCredentials
        return await self._logins.finish_first_factor(user, identity.provider)

    async def _link(self, identity: Identity) -> User:
        """The account that a new identity is linked to: the user's existing one, or a new one."""
        if identity.email is None or not identity.is_email_verified:
            raise ProviderEmailUnverified
        user = await self._linked_by_email(identity, identity.email)
        if user is None:
            try:
                return await self._open_account(identity, identity.email)
            except EmailTaken:
                # Somebody was quicker, perhaps the same person in another tab.
                user = await self._linked_by_email(identity, identity.email)
        if user is None:
            raise AccountNotLinked
        return user

    async def _linked_by_email(self, identity: Identity, email: str) -> User | None:
        """Link the account with this email, if there is one: both sides must have confirmed it.

        Accounts that only claim the email are ignored: it belongs to the account that has confirmed it.
        """
        user = await self._unit.session.scalar(providers.having_email(email).with_for_update())
        if user is None:
            return None
        # Whoever edits, or is protected by a second factor, decides there which provider is believed about them.
        if not user.is_verified or user.has_second_factor or user.role.includes(Role.EDITOR):
            raise AccountNotLinked
        self._require_active(user)
        await self._links.attach(user, identity)
        return user

    def _require_active(self, user: User) -> None:
        if not user.is_active:
            inactive = InvalidCredentials("The linked account is not active.")
            raise self._logins.failed(user, inactive, method="provider")

    async def _open_account(self, identity: Identity, email: str) -> User:
        require_open_registration(self._unit.settings.registration, None)
        require_allowed_domain(email, self._unit.settings)
        user = await self._stored(identity, email)
        self._unit.audit.record(actions.ACCOUNT_REGISTERED, actor=user, subject=user, provider=identity.provider)
        await self._links.attach(user, identity, notify=False)
        await self._unit.emit(AccountCreated(user.id, user.id))
        await self._unit.emit(AccountConfirmed(user.id, user.id))
        return user

    async def _stored(self, identity: Identity, email: str) -> User:
        for username in _usernames(identity.display_name or email.partition("@")[0]):
            user = User(
                email=email,
                username=username,
                display_name=identity.display_name or username,
                role=self._unit.settings.default_role,
                hashed_password=UNUSABLE,
                is_verified=True,
            )
            try:
                with translating(UNIQUE_ACCOUNT):
                    async with self._unit.session.begin_nested():
                        self._unit.session.add(user)
                        await self._unit.session.flush()
            except UsernameTaken:
                continue
            return user
        raise UsernameTaken


def _usernames(name: str) -> Iterator[str]:
    """Candidate usernames for this name, best first."""
    base = slug_for(name)[:_USERNAME_BASE_LENGTH].rstrip("-")
    if len(base) < _USERNAME_MIN_LENGTH:
        base = f"user-{base}"
    yield base
    yield from alternatives(base, first_free=2)
