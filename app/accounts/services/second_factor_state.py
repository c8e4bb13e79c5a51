"""What all second factors share: whether the account has one, and its recovery codes."""

from sqlalchemy import delete

from app.accounts import recovery_codes
from app.accounts.models import Passkey, PasskeyChallenge, RecoveryCode, Totp, User
from app.accounts.policies.actors import Principal
from app.accounts.queries import second_factors
from app.accounts.services.locking import lock_account
from app.accounts.services.sessions import SessionService
from app.unit_of_work import UnitOfWork


class SecondFactorState:
    """Keeps `User.has_second_factor` true exactly for accounts with a confirmed TOTP or a passkey.

    Code that adds or removes a factor locks the account first, and calls `begin` or `settle` afterwards.
    """

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._sessions = SessionService(unit)

    async def lock(self, principal: Principal) -> None:
        """Lock the account's second factors until the transaction ends. Raises `InvalidAccessToken`."""
        await lock_account(self._unit.session, principal)

    async def begin(self, principal: Principal) -> list[str]:
        """Record that a factor was added; returns the recovery codes that come with the first one, to be shown once.

        Sessions that began without a second factor end, except the one in which it was set up.
        """
        user = principal.account
        if not user.has_second_factor:
            user.has_second_factor = True
            await self._sessions.end_all(user, but=principal.login.session_id if principal.login else None)
        return (
            []
            if await self._unit.session.scalar(second_factors.recovery_codes_left(user.id))
            else await self.codes(user)
        )

    async def settle(self, user: User) -> None:
        """Record that a factor was removed: without another one the account is unprotected and needs no codes."""
        has_totp, _, has_passkey = (await self._unit.session.execute(second_factors.methods_of(user.id))).one()
        user.has_second_factor = has_totp or has_passkey
        if not user.has_second_factor:
            await self._unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        await self._unit.session.flush()

    async def codes(self, user: User) -> list[str]:
        """Replace the recovery codes with new ones."""
        codes = recovery_codes.new_codes()
        await self._unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        self._unit.session.add_all(RecoveryCode(user_id=user.id, digest=recovery_codes.digest(code)) for code in codes)
        await self._unit.session.flush()
        return codes

    async def forget(self, user: User) -> None:
        """Remove all second factors and recovery codes."""
        for table in (Totp, Passkey, PasskeyChallenge, RecoveryCode):
            await self._unit.session.execute(delete(table).where(table.user_id == user.id))
        user.has_second_factor = False
        await self._unit.session.flush()
