"""Provider accounts that a user signs in with: linked, listed and unlinked."""

from collections.abc import Sequence

from app.accounts import audit_actions as actions
from app.accounts.errors import (
    LastLoginMethod,
    LoginRequired,
    ProviderAccountTaken,
    ProviderAlreadyLinked,
    ProviderNotLinked,
)
from app.accounts.identities.identity import Identity
from app.accounts.models import ProviderAccount, User
from app.accounts.policies.actors import Principal, require_confirmed_email
from app.accounts.queries import providers
from app.accounts.schemas.providers import AuthorizationInput, AuthorizationOut
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.provider_flows import ProviderFlows
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.second_factor_state import SecondFactorState
from app.core.password_hasher import UNUSABLE
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


class ProviderLinkService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._flows = ProviderFlows(unit)
        self._reauthentication = Reauthentication(unit)
        self._second_factor_state = SecondFactorState(unit)
        self._account_emails = AccountEmails(unit)

    async def list(self, principal: Principal) -> Sequence[ProviderAccount]:
        """The providers linked to the account."""
        return (await self._unit.session.scalars(providers.of_account(principal.id))).all()

    async def begin(self, principal: Principal, provider: str, password: str | None) -> AuthorizationOut:
        """The URL to send the owner to, for linking on their return.

        Raises `UnknownProvider`, `ProviderFailed`, `EmailNotVerified`, `WrongPassword`, `RecentLoginRequired` or
        `TooManyRequests`.
        """
        require_confirmed_email(principal)
        await self._reauthentication.require(principal, password)
        return await self._flows.begin(provider, _linking(principal))

    async def link(self, principal: Principal, provider: str, response: AuthorizationInput) -> ProviderAccount:
        """Link the identity that came back to the account that began the flow.

        Raises `UnknownProvider`, `ProviderFailed`, `ProviderAccountTaken`, `ProviderAlreadyLinked` or
        `InvalidAccessToken`.
        """
        user = principal.account
        identity = await self._flows.finish(provider, _linking(principal), response)
        # The provider took its time: the owner may have thrown whoever asks out meanwhile.
        await self._second_factor_state.lock(principal)
        return await self.attach(user, identity)

    async def attach(self, user: User, identity: Identity, *, notify: bool = True) -> ProviderAccount:
        """Link an identity to an account that the caller has locked or created; with `notify` its owner is notified.

        Raises `ProviderAccountTaken` or `ProviderAlreadyLinked`.
        """
        there = await self._linked(user, identity.provider)
        if there is not None and there.subject != identity.subject:
            raise ProviderAlreadyLinked
        if there is not None:
            return there
        account = ProviderAccount(
            user_id=user.id, provider=identity.provider, subject=identity.subject, email=identity.email
        )
        self._unit.session.add(account)
        with translating({"uq_provider_accounts_provider_subject": ProviderAccountTaken()}):
            await self._unit.session.flush()
        self._unit.audit.record(actions.PROVIDER_LINKED, actor=user, subject=account, provider=identity.provider)
        if notify:
            await self._account_emails.security_changed(user, f"you can now sign in with {identity.provider}")
        return account

    async def unlink(self, principal: Principal, provider: str, password: str | None) -> None:
        """Unlink a provider from the account, even one that is no longer offered.

        Raises `ProviderNotLinked`, `LastLoginMethod`, `WrongPassword`, `RecentLoginRequired` or `TooManyRequests`.
        """
        user = principal.account
        await self._reauthentication.require(principal, password)
        await self._second_factor_state.lock(principal)
        account = await self._linked(user, provider)
        if account is None:
            raise ProviderNotLinked
        has_password = user.hashed_password != UNUSABLE
        others = providers.ways_in_besides(provider, user.id, self._flows.names())
        if not (has_password or await self._unit.session.scalar(others)):
            raise LastLoginMethod
        self._unit.audit.record(actions.PROVIDER_UNLINKED, actor=user, subject=account, provider=provider)
        await self._unit.session.delete(account)
        await self._unit.session.flush()
        await self._account_emails.security_changed(user, f"you can no longer sign in with {provider}")

    async def _linked(self, user: User, provider: str) -> ProviderAccount | None:
        of_provider = providers.of_account(user.id).where(ProviderAccount.provider == provider)
        account: ProviderAccount | None = await self._unit.session.scalar(of_provider)
        return account


def _linking(principal: Principal) -> str:
    """The purpose of linking to this account in this session, which has just been reauthenticated."""
    if principal.login is None:
        raise LoginRequired
    return f"link account {principal.id} in session {principal.login.session_id}"
