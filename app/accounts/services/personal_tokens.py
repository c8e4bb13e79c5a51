"""Personal access tokens, with which scripts log in instead of a password."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, select, update

from app.accounts import audit_actions as actions
from app.accounts.errors import InvalidAccessToken, PersonalTokenNotFound, TooManyPersonalTokens
from app.accounts.models import PersonalToken
from app.accounts.policies.actors import Principal, lacks_second_factor, require_confirmed_email
from app.accounts.queries import personal_tokens
from app.accounts.schemas.personal_tokens import NewPersonalToken, PersonalTokenInput, PersonalTokenOut
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.locking import lock_account
from app.accounts.services.reauthentication import Reauthentication
from app.core import clock
from app.core.opaque_tokens import digest_of, new_token
from app.core.scopes import Scope
from app.db.session import reading
from app.unit_of_work import UnitOfWork

PREFIX = "clp"
MAX_TOKENS = 50


def is_personal(token: str) -> bool:
    """Whether a bearer token claims to be a personal access token."""
    return token.startswith(f"{PREFIX}_")


class PersonalTokenService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._reauthentication = Reauthentication(unit)
        self._account_emails = AccountEmails(unit)

    async def principal(self, token: str) -> Principal:
        """The token's owner and scopes. Raises `InvalidAccessToken`."""
        async with reading(self._unit.session):
            found = await self._unit.session.execute(personal_tokens.of_digest(digest_of(token), clock.now()))
        row = found.one_or_none()
        if row is None:
            raise InvalidAccessToken
        user, personal_token = row
        return Principal(
            user,
            scopes=personal_token.scopes,
            lacks_second_factor=lacks_second_factor(user, self._unit.settings.require_2fa_for),
            token=personal_token,
        )

    async def record_use(self, token_id: int) -> None:
        """Record that the token has just been used."""
        await self._unit.session.execute(
            update(PersonalToken).where(PersonalToken.id == token_id).values(last_used_at=clock.now())
        )

    async def create(self, principal: Principal, data: PersonalTokenInput) -> NewPersonalToken:
        """Create a token, which is shown only in this response.

        Raises `EmailNotVerified`, `WrongPassword`, `RecentLoginRequired`, `TooManyRequests` or `TooManyPersonalTokens`.
        """
        require_confirmed_email(principal)
        await self._reauthentication.require(principal, data.current_password)
        user = principal.account
        await self._make_room(principal)
        token = new_token(PREFIX)
        days = data.expires_in_days
        row = PersonalToken(
            user_id=user.id,
            name=data.name,
            digest=digest_of(token),
            scope=" ".join(scope for scope in Scope if scope in data.scopes),
            expires_at=clock.now() + timedelta(days=days) if days is not None else None,
        )
        self._unit.session.add(row)
        await self._unit.session.flush()
        self._unit.audit.record(actions.PERSONAL_TOKEN_CREATED, actor=user, subject=row, scope=row.scope, days=days)
        await self._account_emails.security_changed(user, "a personal access token was created for your account")
        return NewPersonalToken(**_to_schema(row).model_dump(), token=token)

    async def _make_room(self, principal: Principal) -> None:
        """Lock the account, so that two tokens created at once count each other, and delete expired ones."""
        await lock_account(self._unit.session, principal)
        own = PersonalToken.user_id == principal.id
        await self._unit.session.execute(delete(PersonalToken).where(own, PersonalToken.expires_at <= clock.now()))
        count = await self._unit.session.scalar(select(func.count()).select_from(PersonalToken).where(own))
        if (count or 0) >= MAX_TOKENS:
            raise TooManyPersonalTokens

    async def list(self, principal: Principal) -> Sequence[PersonalTokenOut]:
        """The account's tokens that have not expired, newest first."""
        found = await self._unit.session.scalars(personal_tokens.of_account(principal.id, clock.now()))
        return [_to_schema(token) for token in found]

    async def revoke(self, principal: Principal, token_id: int) -> None:
        """Revoke one of the account's tokens, at once. Raises `PersonalTokenNotFound`."""
        own = select(PersonalToken).where(PersonalToken.id == token_id, PersonalToken.user_id == principal.id)
        token = await self._unit.session.scalar(own.with_for_update())
        if token is None:
            raise PersonalTokenNotFound
        self._unit.audit.record(actions.PERSONAL_TOKEN_REVOKED, actor=principal.account, subject=token)
        await self._unit.session.delete(token)


def _to_schema(token: PersonalToken) -> PersonalTokenOut:
    return PersonalTokenOut(
        id=token.id,
        name=token.name,
        scopes=[scope for scope in Scope if scope in token.scopes],
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )
