"""Authenticator apps and recovery codes: set up, required at login, and removed."""

import logging

from sqlalchemy import delete, or_, update

from app.accounts import audit_actions as actions
from app.accounts import recovery_codes, totp
from app.accounts.errors import InvalidPendingToken, InvalidSecondFactor, NoSecondFactor, SecondFactorExists
from app.accounts.limits import SECOND_FACTOR_FAILURES
from app.accounts.models import RecoveryCode, Totp, User
from app.accounts.policies.actors import Principal, require_confirmed_email
from app.accounts.queries import second_factors
from app.accounts.schemas.second_factors import PasskeyOut, SecondFactorInput, SecondFactorsOut, TotpOut
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.logins import LoginService
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.second_factor_state import SecondFactorState
from app.accounts.services.sessions import TokenPair
from app.core import clock
from app.core.encryption import Undecryptable
from app.db.session import changed_a_row, reading
from app.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)


class SecondFactorService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._logins = LoginService(unit)
        self._reauthentication = Reauthentication(unit)
        self._second_factor_state = SecondFactorState(unit)
        self._account_emails = AccountEmails(unit)

    async def overview(self, user: User) -> SecondFactorsOut:
        """The second factors of the account."""
        confirmed = await self._unit.session.scalar(second_factors.confirmed_totp(user.id))
        codes = await self._unit.session.scalar(second_factors.recovery_codes_left(user.id))
        passkeys = await self._unit.session.scalars(second_factors.passkeys_of(user.id))
        return SecondFactorsOut(
            totp=confirmed is not None,
            recovery_codes=codes or 0,
            passkeys=[PasskeyOut.model_validate(passkey) for passkey in passkeys],
        )

    # --- The authenticator app -------------------------------------------------------------------------------------

    async def begin_totp(self, principal: Principal, password: str | None) -> TotpOut:
        """A new secret for an authenticator app, which has no effect until it is confirmed.

        Raises `EmailNotVerified`, `WrongPassword`, `RecentLoginRequired`, `SecondFactorExists` or `TooManyRequests`.
        """
        require_confirmed_email(principal)
        user = principal.account
        await self._reauthentication.require(principal, password)
        secret = totp.new_secret()
        uri = totp.provisioning_uri(secret, user.username, self._unit.settings.site_name)
        response = TotpOut(secret=secret, uri=uri, qr_svg=totp.qr_svg(uri))
        await self._second_factor_state.lock(principal)
        row = await self._unit.session.get(Totp, user.id) or Totp(user_id=user.id)
        if row.confirmed_at is not None:
            raise SecondFactorExists
        row.encrypted_secret = self._unit.process.cipher.encrypt(secret)
        self._unit.session.add(row)
        await self._unit.session.flush()
        return response

    async def confirm_totp(self, principal: Principal, code: str) -> list[str]:
        """Require the authenticator app from now on; returns recovery codes unless the account already has some.

        Raises `NoSecondFactor`, `SecondFactorExists` or `InvalidSecondFactor`.
        """
        user = principal.account
        await self._second_factor_state.lock(principal)
        row = await self._unit.session.get(Totp, user.id)
        if row is None:
            raise NoSecondFactor
        if row.confirmed_at is not None:
            raise SecondFactorExists
        await self._unit.preconditions.require(None)
        step = self._step_of(row, code)
        if step is None:
            raise InvalidSecondFactor(field="code")
        row.confirmed_at, row.last_step = clock.now(), step
        codes = await self._second_factor_state.begin(principal)
        self._unit.audit.record(actions.TOTP_CONFIRMED, actor=user, subject=user)
        await self._account_emails.security_changed(user, "an authenticator app was added to your account")
        return codes

    async def remove_totp(self, principal: Principal, password: str | None) -> None:
        """Stop requiring the authenticator app.

        Raises `WrongPassword`, `RecentLoginRequired`, `NoSecondFactor` or `TooManyRequests`.
        """
        user = principal.account
        await self._reauthentication.require(principal, password)
        await self._second_factor_state.lock(principal)
        confirmed = delete(Totp).where(Totp.user_id == user.id, Totp.confirmed_at.is_not(None))
        if not await changed_a_row(self._unit.session, confirmed):
            raise NoSecondFactor
        await self._second_factor_state.settle(user)
        self._unit.audit.record(actions.TOTP_REMOVED, actor=user, subject=user)
        await self._account_emails.security_changed(user, "the authenticator app was removed from your account")

    # --- Recovery codes --------------------------------------------------------------------------------------------

    async def renew_recovery_codes(self, principal: Principal, password: str | None) -> list[str]:
        """New recovery codes, which replace the old ones.

        Raises `WrongPassword`, `RecentLoginRequired`, `NoSecondFactor` or `TooManyRequests`.
        """
        user = principal.account
        await self._reauthentication.require(principal, password)
        await self._second_factor_state.lock(principal)
        if not user.has_second_factor:
            raise NoSecondFactor
        codes = await self._second_factor_state.codes(user)
        self._unit.audit.record(actions.RECOVERY_CODES_RENEWED, actor=user, subject=user)
        await self._account_emails.security_changed(
            user, "new recovery codes were created, and the old ones no longer work"
        )
        return codes

    async def remove_all(self, user: User) -> None:
        """Remove all second factors of a user who has lost them, leaving the password or a provider."""
        await self._unit.session.refresh(user, with_for_update=True)
        await self._second_factor_state.forget(user)
        self._unit.audit.record(actions.SECOND_FACTORS_REMOVED, subject=user)
        await self._account_emails.security_changed(user, "all second factors were removed from your account")

    # --- Logging in ------------------------------------------------------------------------------------------------

    async def log_in(self, data: SecondFactorInput) -> TokenPair:
        """Begin a session for the account of the pending token, given a valid second factor.

        Raises `InvalidPendingToken`, `InvalidSecondFactor`, or `TooManyRequests` after failures in a row.
        """
        async with reading(self._unit.session):
            user = await self._logins.user_of_pending_token(data.pending_token)
        allowance = await self._unit.limiter.hit(SECOND_FACTOR_FAILURES, str(user.id))
        # Once more under a lock: the password may have been changed meanwhile. The account is locked before the codes
        # are, as it is when they are removed.
        await self._unit.session.refresh(user, with_for_update=True)
        if await self._logins.user_of_pending_token(data.pending_token) is not user:
            raise InvalidPendingToken
        method = "totp" if "code" in data.model_fields_set else "recovery_code"
        is_right = await (
            self._use_code(user, data.code) if method == "totp" else self._use_up(user, data.recovery_code)
        )
        if not is_right:
            self._unit.audit.record(actions.SECOND_FACTOR_FAILED, subject=user, method=method)
            if not allowance.remaining:
                await self._account_emails.security_changed(
                    user, "someone who knows your password repeatedly entered wrong codes"
                )
            raise InvalidSecondFactor
        await self._unit.limiter.clear_soon(SECOND_FACTOR_FAILURES, str(user.id))
        return await self._logins.complete(user, [method])

    async def _use_code(self, user: User, code: str) -> bool:
        row = await self._unit.session.scalar(second_factors.confirmed_totp(user.id))
        step = self._step_of(row, code) if row else None
        if step is None:
            return False
        is_unused = or_(Totp.last_step.is_(None), Totp.last_step < step)
        return await changed_a_row(
            self._unit.session, update(Totp).where(Totp.user_id == user.id, is_unused).values(last_step=step)
        )

    async def _use_up(self, user: User, code: str) -> bool:
        digest = recovery_codes.digest(code)
        used = delete(RecoveryCode).where(RecoveryCode.user_id == user.id, RecoveryCode.digest == digest)
        if not await changed_a_row(self._unit.session, used):
            return False
        left = await self._unit.session.scalar(second_factors.recovery_codes_left(user.id))
        self._unit.audit.record(actions.RECOVERY_CODE_USED, actor=user, subject=user, left=left)
        await self._account_emails.security_changed(
            user, f"a recovery code was used to log in; remaining codes: {left}", topic="recovery code"
        )
        return True

    def _step_of(self, row: Totp, code: str) -> int | None:
        """The time step that the code is for, or None if it is wrong or was used."""
        try:
            secret = self._unit.process.cipher.decrypt(row.encrypted_secret)
        except Undecryptable:
            logger.warning("the secret of an authenticator app was encrypted with a key that is not there any more")
            return None
        return totp.matching_step(secret, code, clock.now(), row.last_step)
