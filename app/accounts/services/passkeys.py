"""Passkeys: adding, removing, and logging in with them."""

from typing import Any

from sqlalchemy import update

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidPasskey, LastLoginMethod, NoSecondFactor, PasskeyNotFound, PasskeyTaken
from app.accounts.identities.providers import IdentityProviders
from app.accounts.models import Passkey, User
from app.accounts.policies.actors import Principal, require_confirmed_email
from app.accounts.queries import second_factors
from app.accounts.schemas.passkeys import (
    PasskeyAdded,
    PasskeyCreationOptions,
    PasskeyInput,
    PasskeyLoginInput,
    PasskeyRequestOptions,
)
from app.accounts.schemas.second_factors import PasskeyOut
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.challenges import Challenges
from app.accounts.services.logins import LoginService
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.second_factor_state import SecondFactorState
from app.accounts.services.sessions import TokenPair
from app.accounts.webauthn import Assertion, challenge_of, credential_id_of, relying_party
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.db.constraints import translating
from app.db.session import changed_a_row, reading
from app.unit_of_work import UnitOfWork


class PasskeyService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        settings = unit.settings
        self._here = relying_party(settings.site_name, settings.frontend_url, settings.cors_origins)
        self._providers = unit.process.share(IdentityProviders).names()
        self._challenges = Challenges(unit)
        self._logins = LoginService(unit)
        self._reauthentication = Reauthentication(unit)
        self._second_factor_state = SecondFactorState(unit)
        self._account_emails = AccountEmails(unit)

    # --- One's own -------------------------------------------------------------------------------------------------

    async def creation_options(self, principal: Principal, password: str | None) -> PasskeyCreationOptions:
        """The options for creating a new passkey in the browser.

        Raises `EmailNotVerified`, `WrongPassword`, `RecentLoginRequired` or `TooManyRequests`.
        """
        require_confirmed_email(principal)
        user = principal.account
        await self._reauthentication.require(principal, password)
        async with reading(self._unit.session):
            there = [
                passkey.credential_id
                for passkey in await self._unit.session.scalars(second_factors.passkeys_of(user.id))
            ]
        challenge = self._challenges.draw()
        options = self._here.creation_options(challenge, _handle_of(user), user.username, user.display_name, there)
        await self._challenges.keep(challenge, user)
        return PasskeyCreationOptions(options)

    async def add(self, principal: Principal, data: PasskeyInput) -> PasskeyAdded:
        """Store a passkey that a browser has created. Raises `InvalidPasskey` or `PasskeyTaken`."""
        user = principal.account
        challenge = challenge_of(data.credential)
        made = self._here.verify_creation(data.credential, challenge)
        await self._second_factor_state.lock(principal)
        if not await self._challenges.use_up(challenge, user):
            raise InvalidPasskey
        passkey = Passkey(
            user_id=user.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=" ".join(made.transports),
            is_backed_up=made.is_backed_up,
            name=data.name,
        )
        self._unit.session.add(passkey)
        with translating({"uq_passkeys_credential_id": PasskeyTaken()}):
            await self._unit.session.flush()
        codes = await self._second_factor_state.begin(principal)
        self._unit.audit.record(actions.PASSKEY_ADDED, actor=user, subject=passkey)
        await self._account_emails.security_changed(user, "a passkey was added to your account")
        return PasskeyAdded(passkey=PasskeyOut.model_validate(passkey), recovery_codes=codes)

    async def rename(self, principal: Principal, passkey_id: int, name: str) -> Passkey:
        """Raises `PasskeyNotFound`."""
        passkey = await self._unit.session.get(Passkey, passkey_id, with_for_update=True)
        if passkey is None or passkey.user_id != principal.id:
            raise PasskeyNotFound
        passkey.name = name
        await self._unit.session.flush()
        return passkey

    async def remove(self, principal: Principal, passkey_id: int, password: str | None) -> None:
        """Remove a passkey from the account.

        Raises `PasskeyNotFound`, `LastLoginMethod`, `WrongPassword`, `RecentLoginRequired` or `TooManyRequests`.
        """
        user = principal.account
        await self._reauthentication.require(principal, password)
        await self._second_factor_state.lock(principal)
        passkey = await self._unit.session.get(Passkey, passkey_id)
        if passkey is None or passkey.user_id != user.id:
            raise PasskeyNotFound
        has_password = user.hashed_password != UNUSABLE
        others = second_factors.ways_in_besides(passkey.id, user.id, self._providers)
        if not (has_password or await self._unit.session.scalar(others)):
            raise LastLoginMethod
        self._unit.audit.record(actions.PASSKEY_REMOVED, actor=user, subject=passkey)
        await self._unit.session.delete(passkey)
        await self._unit.session.flush()
        await self._second_factor_state.settle(user)
        await self._account_emails.security_changed(user, "a passkey was removed from your account")

    # --- Logging in ------------------------------------------------------------------------------------------------

    async def request_options(self, pending_token: str | None) -> PasskeyRequestOptions:
        """The options for logging in: any passkey for this site, or those of the account that the pending token is for.

        Raises `InvalidPendingToken`, or `NoSecondFactor` if that account has none.
        """
        async with reading(self._unit.session):
            user = await self._waiting(pending_token)
            allowed = await self._unit.session.scalars(second_factors.passkeys_of(user.id)) if user else ()
        credential_ids = [passkey.credential_id for passkey in allowed]
        if user is not None and not credential_ids:
            raise NoSecondFactor
        challenge = self._challenges.draw()
        options = self._here.request_options(challenge, credential_ids)
        await self._challenges.keep(challenge, user)
        return PasskeyRequestOptions(options)

    async def log_in(self, data: PasskeyLoginInput) -> TokenPair:
        """Begin a session for the passkey's owner; as the passkey verifies its user, nothing else is required.

        Raises `InvalidPendingToken`, or `InvalidPasskey` if anything is wrong with the passkey or its account.
        """
        challenge, credential_id = challenge_of(data.credential), credential_id_of(data.credential)
        async with reading(self._unit.session):
            waiting = await self._waiting(data.pending_token)
            row = (await self._unit.session.execute(second_factors.passkey_with_owner(credential_id))).one_or_none()
        if row is None:
            raise self._logins.failed(None, InvalidPasskey(), method="passkey")
        passkey, user = row
        assertion = self._verified(data.credential, challenge, passkey)
        await self._unit.session.refresh(user, with_for_update=True)
        # Right or wrong, this was the answer: there is no second one.
        was_asked = await self._challenges.use_up(challenge, waiting)
        if assertion is None or not was_asked or not _may_log_in(user, waiting, assertion):
            raise self._logins.failed(user, InvalidPasskey(), method="passkey")
        if not await self._count(passkey, assertion):
            raise self._logins.failed(user, InvalidPasskey(), method="passkey")
        return await self._logins.complete(user, ["passkey"])

    def _verified(self, credential: dict[str, Any], challenge: bytes, passkey: Passkey) -> Assertion | None:
        """The passkey's assertion, or None if this passkey did not sign the challenge."""
        try:
            return self._here.verify_assertion(credential, challenge, passkey.public_key, passkey.sign_count)
        except InvalidPasskey:
            return None

    async def _waiting(self, pending_token: str | None) -> User | None:
        return await self._logins.user_of_pending_token(pending_token) if pending_token is not None else None

    async def _count(self, passkey: Passkey, assertion: Assertion) -> bool:
        """Record a use of the passkey; False if a copy of it has been used meanwhile."""
        # Many do not count, and always say 0.
        is_next = Passkey.sign_count < assertion.sign_count if assertion.sign_count else Passkey.sign_count == 0
        values = {"sign_count": assertion.sign_count, "is_backed_up": assertion.is_backed_up}
        used = update(Passkey).where(Passkey.id == passkey.id, is_next).values(**values, last_used_at=clock.now())
        return await changed_a_row(self._unit.session, used)


def _handle_of(user: User) -> bytes:
    """The user handle by which a passkey identifies its account."""
    return str(user.id).encode()


def _may_log_in(owner: User, waiting: User | None, assertion: Assertion) -> bool:
    """Whether the passkey's owner is the one logging in, and the account that the passkey was created for."""
    is_for_owner = assertion.user_handle in {None, _handle_of(owner)}
    return owner.is_active and waiting in {None, owner} and is_for_owner
