"""Reauthentication, required before sensitive changes."""

from datetime import timedelta

from app.accounts.errors import RecentLoginRequired, WrongPassword
from app.accounts.policies.actors import Principal
from app.audit.log import AuditLog
from app.core import clock
from app.core.password_hasher import UNUSABLE, PasswordHasher
from app.core.rate_limiter import RateLimiter
from app.core.rate_limits import PASSWORD_FAILURES

RECENT = timedelta(minutes=10)


class Reauthentication:
    def __init__(self, passwords: PasswordHasher, limiter: RateLimiter, audit: AuditLog) -> None:
        self._passwords = passwords
        self._limiter = limiter
        self._audit = audit

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
        await self._limiter.hit(PASSWORD_FAILURES, str(account.id))
        is_right, _ = await self._passwords.verify(password, account.hashed_password)
        if not is_right:
            self._audit.record("reauthentication.failed", actor=account, subject=account)
            raise WrongPassword(field="current_password")
        await self._limiter.clear(PASSWORD_FAILURES, str(account.id))
