"""Leaving for good: announced, undone by logging in, and carried out once it is due."""

from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import passwords
from app.accounts.errors import UnknownHeir
from app.accounts.models import (
    AccountDeletion,
    ArticleFate,
    EmailChange,
    Invitation,
    LoginSession,
    MailRequest,
    Passkey,
    PasskeyChallenge,
    PersonalToken,
    ProviderAccount,
    RecoveryCode,
    Totp,
    User,
)
from app.accounts.policies.actors import Principal
from app.accounts.queries import deletions, personal_tokens
from app.accounts.schemas.privacy import DeletionInput
from app.accounts.services.admins import require_another_admin
from app.accounts.services.locking import lock_account
from app.accounts.services.notices import Notices
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.sessions import SessionService
from app.audit.log import AuditLog
from app.core import clock
from app.core.config import Settings
from app.db.changes.tracking import invalidates
from app.mail.models import OutboxMail

# Rows that are nobody's without the account.
OWNED = (
    LoginSession,
    PersonalToken,
    Totp,
    RecoveryCode,
    Passkey,
    PasskeyChallenge,
    ProviderAccount,
    EmailChange,
    AccountDeletion,
)


class WrittenArticles(Protocol):
    """What an account has written, deleted articles included."""

    async def are_there(self, user_id: int) -> bool: ...

    async def remove(self, user_id: int) -> None: ...

    async def hand_over(self, user_id: int, to: int) -> int:
        """Make them somebody else's; returns how many they were."""


class AccountDeletionService:
    def __init__(
        self,
        session: AsyncSession,
        settings: Settings,
        reauthentication: Reauthentication,
        sessions: SessionService,
        audit: AuditLog,
        notices: Notices,
        articles: WrittenArticles,
    ) -> None:
        self._session = session
        self._grace = timedelta(days=settings.deletion_grace_days)
        self._reauthentication = reauthentication
        self._sessions = sessions
        self._audit = audit
        self._notices = notices
        self._articles = articles

    async def request(self, principal: Principal, data: DeletionInput) -> datetime:
        """Log an account out everywhere, and have it deleted after some days; returns when.

        Without days to wait it is deleted at once. Raises `WrongPassword`, `RecentLoginRequired`, `LastAdmin` or
        `UnknownHeir`.
        """
        await self._reauthentication.require(principal, data.current_password)
        user = principal.account
        await require_another_admin(self._session, user.id)
        await lock_account(self._session, principal)
        fate, heir = await self._last_will(user, data)
        due_at = clock.now() + self._grace
        if not self._grace:
            await self._carry_out(user, fate, heir)
            return due_at
        await self._log_out(user)
        self._session.add(AccountDeletion(user_id=user.id, articles=fate, heir_id=heir and heir.id, due_at=due_at))
        self._audit.record("account.deletion_requested", actor=user, subject=user, articles=fate)
        self._notices.deletion_requested(user, due_at)
        await self._session.flush()
        return due_at

    async def _last_will(self, user: User, data: DeletionInput) -> tuple[ArticleFate, User | None]:
        if data.articles is ArticleFate.HAND_OVER:
            heir = await self._session.scalar(deletions.heirs().where(User.username == (data.heir or "")))
            if heir is None or heir is user:
                raise UnknownHeir(field="heir")
            return data.articles, heir
        if data.articles is None and await self._articles.are_there(user.id):
            raise UnknownHeir("Say what is to become of your articles.", field="articles")
        return ArticleFate.REMOVE, None

    async def _log_out(self, user: User) -> None:
        await self._sessions.end_all(user)
        await self._session.execute(personal_tokens.deleted_with(user.id))
        # There may be tokens in them.
        await self._session.execute(delete(OutboxMail).where(deletions.mails_to(user)))

    async def cancel(self, user: User) -> None:
        """Keep an account after all: its owner is logging in. The account must be locked, as when it is deleted."""
        wish = delete(AccountDeletion).where(AccountDeletion.user_id == user.id)
        if (await self._session.execute(wish.returning(AccountDeletion.user_id))).all():
            self._audit.record("account.deletion_undone", actor=user, subject=user)
            self._notices.deletion_undone(user)

    async def carry_out(self, user_id: int, now: datetime) -> None:
        """Delete an account if that is due and nobody else is doing it; once, whoever else tries."""
        user = await self._session.scalar(deletions.locked(user_id))
        if user is None:
            return
        wish = delete(AccountDeletion).where(AccountDeletion.user_id == user_id, AccountDeletion.due_at <= now)
        found = await self._session.execute(wish.returning(AccountDeletion.articles, AccountDeletion.heir_id))
        row = found.one_or_none()
        if row is None:
            return
        heir = await self._session.scalar(deletions.heirs().where(User.id == row.heir_id)) if row.heir_id else None
        await self._carry_out(user, row.articles, heir)

    async def _carry_out(self, user: User, fate: ArticleFate, heir: User | None) -> None:
        await self.settle_articles(user, fate, heir, by=user)
        self._audit.record("account.deleted", actor=user, subject=user, articles=fate)
        await self.forget(user)

    async def settle_articles(self, user: User, fate: ArticleFate, heir: User | None, by: User | None) -> None:
        """Remove what an account has written, or hand it over to the heir, else to an admin; it must be locked."""
        if fate is ArticleFate.REMOVE:
            # Comments and tags go with them.
            await self._articles.remove(user.id)
        else:
            heir = heir or await self._session.scalar(deletions.first_admin(but=user.id))
            await self._hand_over(user, heir, by)

    async def _hand_over(self, user: User, heir: User | None, by: User | None) -> None:
        """Without anybody to hand them to, articles stay where they are."""
        count = await self._articles.hand_over(user.id, heir.id) if heir is not None else 0
        if heir is None or not count:
            return
        self._audit.record("articles.handed_over", actor=by, subject=heir, count=count)
        self._notices.articles_handed_over(heir, count)

    async def forget(self, user: User) -> None:
        """Delete all that tells who an account belonged to; what they wrote stays. The account must be locked."""
        for table in OWNED:
            await self._session.execute(delete(table).where(table.user_id == user.id))
        await self._session.execute(delete(Invitation).where(deletions.invitations_of(user)))
        await self._session.execute(delete(MailRequest).where(MailRequest.email == user.email))
        await self._session.execute(delete(OutboxMail).where(deletions.mails_to(user)))
        user.anonymise(passwords.UNUSABLE, clock.now())
        await self._session.flush()

    async def expire(self, user: User) -> None:
        """Delete an account that was never anybody's, without a trace; it must be locked."""
        self._audit.record("account.expired", subject=user)
        await self._session.execute(delete(OutboxMail).where(deletions.mails_to(user)))
        await self._session.execute(delete(User).where(User.id == user.id), execution_options=invalidates())
