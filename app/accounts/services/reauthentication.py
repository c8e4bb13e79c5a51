"""Reauthentication, required before sensitive changes."""

from datetime import timedelta

from app.accounts import audit_actions as actions
from app.accounts.errors import RecentLoginRequired, WrongPassword
from app.accounts.limits import PASSWORD_FAILURES
from app.accounts.policies.actors import Principal
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.unit_of_work import UnitOfWork

RECENT = timedelta(minutes=10)


class Reauthentication:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def require(self, principal: Principal, password: str | None) -> None:
        """Require the current password or, for an account without one, a recent login.

        Raises `WrongPassword`, `RecentLoginRequired`, or `TooManyRequests` after failures in a row.
        """
        account = principal.account
        if account.hashed_password == UNUSABLE:
            if principal.login is None or clock.now() - principal.login.authenticated_at > RECENT:
                raise RecentLoginRequired
            return
        if password is None:
            raise WrongPassword("Enter your current password.", field="current_password")
        await self._unit.limiter.hit(PASSWORD_FAILURES, str(account.id))
        is_right, _ = await self._unit.passwords.verify(password, account.hashed_password)
        if not is_right:
            self._unit.audit.record(actions.REAUTHENTICATION_FAILED, actor=account, subject=account)
            raise WrongPassword(field="current_password")
        await self._unit.limiter.clear(PASSWORD_FAILURES, str(account.id))
