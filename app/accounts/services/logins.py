"""Logging in."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidCredentials, InvalidPendingToken, SecondFactorRequired
from app.accounts.limits import LOGIN_FAILURES
from app.accounts.metrics import logins_total
from app.accounts.models import User
from app.accounts.queries import second_factors, users
from app.accounts.schemas.users import LoginForm
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.sessions import SessionService, TokenPair
from app.core.email_addresses import as_stored
from app.core.errors import AppError
from app.core.signed_tokens import BadToken, SignedTokens
from app.db.session import reading
from app.unit_of_work import UnitOfWork

PENDING = timedelta(minutes=5)


class LoginService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._sessions = SessionService(unit)
        self._deletions = AccountDeletionService(unit)
        self._pending = SignedTokens(unit.settings.access_secret_key, "colophon:second-factor")

    async def log_in(self, form: LoginForm) -> TokenPair:
        """Begin a session for the account with this email or username.

        Raises `InvalidCredentials`, `SecondFactorRequired`, or `TooManyRequests` after failures in a row.
        """
        login = as_stored(form.username)
        # Counted by what was typed, known or not: that one address and one username slow down together would tell
        # that they belong to the same account.
        await self._unit.limiter.hit(LOGIN_FAILURES, login)
        async with reading(self._unit.session):
            user = await self._unit.session.scalar(users.by_login(login))
        is_right, better_hash = await self._unit.passwords.verify(form.password, user.hashed_password if user else None)
        if user is None or not is_right or not user.is_active:
            raise self.failed(user, InvalidCredentials())
        await self.unlock(user)
        checked = (user.hashed_password, user.token_version)
        await self._lock(user)
        is_same = user.hashed_password == checked[0]
        # A new password ends all access. Else it is still this one, whose hash another login has just renewed.
        if not is_same and user.token_version != checked[1]:
            raise InvalidCredentials
        if better_hash and is_same:
            user.hashed_password = better_hash
        return await self._finish(user, "password")

    async def complete(self, user: User, methods: Sequence[str]) -> TokenPair:
        """Begin a session for a user who has authenticated with these methods, including any second factor.

        The account must be locked. If it was about to be deleted, the deletion is cancelled.
        """
        await self._deletions.cancel(user)
        self._unit.audit.record(actions.LOGIN_SUCCEEDED, actor=user, subject=user, methods=list(methods))
        logins_total.labels("succeeded").inc()
        return await self._sessions.begin(user)

    def failed(self, user: User | None, error: AppError, **details: Any) -> AppError:
        """Record a failed login, and return the error to raise. `user` is the account, if it is known."""
        self._unit.audit.record(actions.LOGIN_FAILED, subject=user, **details)
        logins_total.labels("failed").inc()
        return error

    async def finish_first_factor(self, user: User, method: str) -> TokenPair:
        """Begin a session, or require the second factor first.

        Raises `SecondFactorRequired`, or `InvalidCredentials` if the account is no longer active.
        """
        await self._lock(user)
        return await self._finish(user, method)

    async def _lock(self, user: User) -> None:
        """Lock the account: it may have been deactivated meanwhile, or a second factor set up."""
        await self._unit.session.refresh(user, with_for_update=True)
        if not user.is_active:
            raise InvalidCredentials

    async def _finish(self, user: User, method: str) -> TokenPair:
        if user.has_second_factor:
            await self._require_second_factor(user)
        return await self.complete(user, [method])

    async def _require_second_factor(self, user: User) -> None:
        methods = (await self._unit.session.execute(second_factors.methods_of(user.id))).one()
        names = [name for name, is_there in zip(second_factors.METHODS, methods, strict=True) if is_there]
        pending_token = self._pending.sign(PENDING, sub=str(user.id), ver=user.token_version)
        raise SecondFactorRequired(pending_token=pending_token, methods=names)

    async def user_of_pending_token(self, token: str) -> User:
        """The account whose second factor is required. Raises `InvalidPendingToken`."""
        try:
            claims = self._pending.read(token)
        except BadToken as error:
            raise InvalidPendingToken from error
        user = await self._unit.session.get(User, int(claims["sub"]))
        if user is None or not user.is_active or claims.get("ver") != user.token_version:
            raise InvalidPendingToken
        return user

    async def unlock(self, user: User) -> None:
        """Clear the count of failed logins: it was the owner after all."""
        for login in filter(None, (user.email, user.username)):
            await self._unit.limiter.clear_soon(LOGIN_FAILURES, login)
