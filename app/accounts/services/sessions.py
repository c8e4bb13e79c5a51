"""Login sessions: begun, refreshed, listed and ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidAccessToken, InvalidRefreshToken, LoginSessionNotFound, RefreshTokenReused
from app.accounts.models import LoginSession, RefreshToken, User
from app.accounts.policies.actors import LoggedIn, Principal, lacks_second_factor
from app.accounts.queries import sessions
from app.accounts.schemas.sessions import SessionOut
from app.accounts.services.account_emails import AccountEmails
from app.accounts.user_manager import AccessTokens
from app.core import clock
from app.core.opaque_tokens import digest_of, new_token
from app.db.session import reading
from app.unit_of_work import UnitOfWork

REFRESH_PREFIX = "clr"
# For a client whose answer got lost, and for two tabs that ask at the same moment.
GRACE = timedelta(seconds=10)
# A session that is not used for this long is not continued.
IDLE = timedelta(days=14)


@dataclass(frozen=True)
class TokenPair:
    """An access token, and a refresh token for getting the next one."""

    access_token: str
    refresh_token: str
    expires_in: int


class SessionService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._tokens = AccessTokens(unit.settings)
        self._account_emails = AccountEmails(unit)

    async def begin(self, user: User) -> TokenPair:
        """Log an account in on this client; the user must have been authenticated."""
        login = LoginSession(
            user_id=user.id,
            user_agent=self._unit.client.user_agent,
            ip_address=self._unit.client.ip_address,
            expires_at=clock.now() + timedelta(days=self._unit.settings.refresh_token_expire_days),
        )
        self._unit.session.add(login)
        await self._unit.session.flush()
        return await self._pair(user, login.id, generation=0)

    async def _pair(self, user: User, session_id: int, generation: int) -> TokenPair:
        refresh_token = new_token(REFRESH_PREFIX)
        self._unit.session.add(
            RefreshToken(session_id=session_id, digest=digest_of(refresh_token), generation=generation)
        )
        await self._unit.session.flush()
        access_token = await self._tokens.write_token(user, session_id)
        return TokenPair(access_token, refresh_token, int(self._tokens.lifetime.total_seconds()))

    async def refresh(self, refresh_token: str) -> TokenPair:
        """New tokens in exchange for a refresh token, which is used up. Raises `InvalidRefreshToken`.

        A token that was used before has been stolen, but it cannot be told whether the thief or the owner presents it.
        So the session ends and its owner is notified. Raises `RefreshTokenReused` then.
        """
        now = clock.now()
        digest = digest_of(refresh_token)
        row = (await self._unit.session.execute(sessions.of_refresh_token(digest))).one_or_none()
        if row is None:
            raise InvalidRefreshToken
        login, user = row
        token = (await self._unit.session.scalars(select(RefreshToken).where(RefreshToken.digest == digest))).one()
        if login.expires_at <= now or login.last_used_at <= now - IDLE or not user.is_active:
            raise InvalidRefreshToken
        if token.used_at is not None and now - token.used_at > GRACE:
            await self._end_stolen(login, user)
            raise RefreshTokenReused
        await self._unit.session.execute(
            update(RefreshToken)
            .where(RefreshToken.session_id == login.id, RefreshToken.generation <= token.generation)
            .where(RefreshToken.used_at.is_(None))
            .values(used_at=now)
        )
        login.last_used_at, login.ip_address = now, self._unit.client.ip_address
        login.user_agent = self._unit.client.user_agent
        return await self._pair(user, login.id, token.generation + 1)

    async def _end_stolen(self, login: LoginSession, user: User) -> None:
        self._unit.audit.record(actions.SESSION_TOKEN_REUSED, actor=user, subject=login)
        await self._account_emails.stolen_session(user, login)
        await self._unit.session.delete(login)
        await self._unit.session.flush()

    async def principal(self, access_token: str) -> Principal:
        """The principal of an access token, if its session has not ended. Raises `InvalidAccessToken`."""
        claims = self._tokens.claims_of(access_token)
        async with reading(self._unit.session):
            found = await self._unit.session.execute(
                sessions.of_access_token(claims.user_id, claims.session_id, claims.version)
            )
        row = found.one_or_none()
        if row is None:
            raise InvalidAccessToken
        user, session_id, authenticated_at = row
        return Principal(
            user,
            LoggedIn(session_id, authenticated_at),
            lacks_second_factor=lacks_second_factor(user, self._unit.settings.require_2fa_for),
        )

    async def list(self, principal: Principal) -> Sequence[SessionOut]:
        """The account's sessions, the most recently used first."""
        current = principal.login.session_id if principal.login else None
        now = clock.now()
        found = await self._unit.session.scalars(sessions.of_account(principal.id, now, now - IDLE))
        return [
            SessionOut(
                id=login.id,
                user_agent=login.user_agent,
                ip_address=login.ip_address,
                created_at=login.created_at,
                last_used_at=login.last_used_at,
                expires_at=login.expires_at,
                is_current=login.id == current,
            )
            for login in found
        ]

    async def end(self, user: User, session_id: int) -> None:
        """End one of the account's sessions, at once. Raises `LoginSessionNotFound`."""
        login = await self._unit.session.scalar(
            select(LoginSession).where(LoginSession.id == session_id, LoginSession.user_id == user.id)
        )
        if login is None:
            raise LoginSessionNotFound
        self._unit.audit.record(actions.SESSION_ENDED, actor=user, subject=login)
        await self._unit.session.delete(login)

    async def end_current(self, principal: Principal) -> None:
        """End the session of the request, at once. Raises `LoginSessionNotFound`."""
        if principal.login is None:
            raise LoginSessionNotFound
        await self.end(principal.account, principal.login.session_id)

    async def end_all(self, user: User, *, but: int | None = None, by: User | None = None) -> None:
        """End the account's sessions at once; with `but`, all others. `by` is who did it."""
        statement = delete(LoginSession).where(LoginSession.user_id == user.id)
        if but is None:
            user.end_access()
        else:
            statement = statement.where(LoginSession.id != but)
        await self._unit.session.execute(statement)
        self._unit.audit.record(actions.SESSION_ALL_ENDED, actor=by, subject=user)
