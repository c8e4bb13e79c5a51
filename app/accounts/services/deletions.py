"""Account deletion: requested, cancelled by logging in, and carried out when due."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import delete

from app.accounts.errors import UnknownSuccessor
from app.accounts.models import (
    AccountDeletion,
    ArticleDisposition,
    EmailChange,
    Invitation,
    LoginSession,
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
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.last_admin import require_another_admin
from app.accounts.services.locking import lock_account
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.sessions import SessionService
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.db.changes.tracking import invalidates
from app.queue.models import Job
from app.unit_of_work import UnitOfWork

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
    """An account's articles, including deleted ones."""

    async def are_there(self, user_id: int) -> bool: ...

    async def remove(self, user_id: int) -> None: ...

    async def hand_over(self, user_id: int, to: int) -> int:
        """Reassign them to another account; returns how many there were."""


_written_articles: list[Callable[[UnitOfWork], WrittenArticles]] = []


def register_written_articles(factory: Callable[[UnitOfWork], WrittenArticles]) -> None:
    """Say what is to be done with the articles of an account; content knows."""
    _written_articles.append(factory)


class AccountDeletionService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._reauthentication = Reauthentication(unit)
        self._sessions = SessionService(unit)
        self._account_emails = AccountEmails(unit)
        self._articles = _written_articles[0](unit)
        self._grace = timedelta(days=unit.settings.deletion_grace_days)

    async def request(self, principal: Principal, data: DeletionInput) -> datetime:
        """Log an account out everywhere and schedule its deletion; returns when it is due.

        Without a grace period it is deleted at once. Raises `WrongPassword`, `RecentLoginRequired`, `LastAdmin` or
        `UnknownSuccessor`.
        """
        await self._reauthentication.require(principal, data.current_password)
        user = principal.account
        await require_another_admin(self._unit.session, user.id)
        await lock_account(self._unit.session, principal)
        disposition, successor = await self._disposition(user, data)
        due_at = clock.now() + self._grace
        if not self._grace:
            await self._carry_out(user, disposition, successor)
            return due_at
        await self._log_out(user)
        self._unit.session.add(
            AccountDeletion(
                user_id=user.id, articles=disposition, successor_id=successor and successor.id, due_at=due_at
            )
        )
        self._unit.audit.record("account.deletion_requested", actor=user, subject=user, articles=disposition)
        self._account_emails.deletion_requested(user, due_at)
        await self._unit.session.flush()
        return due_at

    async def _disposition(self, user: User, data: DeletionInput) -> tuple[ArticleDisposition, User | None]:
        if data.articles is ArticleDisposition.HAND_OVER:
            successor = await self._unit.session.scalar(
                deletions.successors().where(User.username == (data.successor or ""))
            )
            if successor is None or successor is user:
                raise UnknownSuccessor(field="successor")
            return data.articles, successor
        if data.articles is None and await self._articles.are_there(user.id):
            raise UnknownSuccessor("Choose what should happen to your articles.", field="articles")
        return ArticleDisposition.REMOVE, None

    async def _log_out(self, user: User) -> None:
        await self._sessions.end_all(user)
        await self._unit.session.execute(personal_tokens.deleted_with(user.id))
        # There may be tokens in them.
        await self._unit.session.execute(delete(Job).where(deletions.mails_to(user)))

    async def cancel(self, user: User) -> None:
        """Cancel the deletion of an account because its owner logs in. The account must be locked."""
        wish = delete(AccountDeletion).where(AccountDeletion.user_id == user.id)
        if (await self._unit.session.execute(wish.returning(AccountDeletion.user_id))).all():
            self._unit.audit.record("account.deletion_undone", actor=user, subject=user)
            self._account_emails.deletion_undone(user)

    async def carry_out(self, user_id: int, now: datetime) -> None:
        """Delete an account if it is due and not locked by another transaction; safe to call concurrently."""
        user = await self._unit.session.scalar(deletions.locked(user_id))
        if user is None:
            return
        wish = delete(AccountDeletion).where(AccountDeletion.user_id == user_id, AccountDeletion.due_at <= now)
        found = await self._unit.session.execute(wish.returning(AccountDeletion.articles, AccountDeletion.successor_id))
        row = found.one_or_none()
        if row is None:
            return
        successor = (
            await self._unit.session.scalar(deletions.successors().where(User.id == row.successor_id))
            if row.successor_id
            else None
        )
        await self._carry_out(user, row.articles, successor)

    async def _carry_out(self, user: User, disposition: ArticleDisposition, successor: User | None) -> None:
        await self.settle_articles(user, disposition, successor, by=user)
        self._unit.audit.record("account.deleted", actor=user, subject=user, articles=disposition)
        await self.forget(user)

    async def settle_articles(
        self, user: User, disposition: ArticleDisposition, successor: User | None, by: User | None
    ) -> None:
        """Remove an account's articles, or hand them over to the successor or else an admin; it must be locked."""
        if disposition is ArticleDisposition.REMOVE:
            # Comments and tags go with them.
            await self._articles.remove(user.id)
        else:
            successor = successor or await self._unit.session.scalar(deletions.first_admin(but=user.id))
            await self._hand_over(user, successor, by)

    async def _hand_over(self, user: User, successor: User | None, by: User | None) -> None:
        """Hand the articles over; without a successor they stay where they are."""
        count = await self._articles.hand_over(user.id, successor.id) if successor is not None else 0
        if successor is None or not count:
            return
        self._unit.audit.record("articles.handed_over", actor=by, subject=successor, count=count)
        self._account_emails.articles_handed_over(successor, count)

    async def forget(self, user: User) -> None:
        """Delete everything that identifies an account's owner; what they wrote stays. The account must be locked."""
        for table in OWNED:
            await self._unit.session.execute(delete(table).where(table.user_id == user.id))
        await self._unit.session.execute(delete(Invitation).where(deletions.invitations_of(user)))
        await self._unit.session.execute(delete(Job).where(deletions.mail_requests_for(user)))
        await self._unit.session.execute(delete(Job).where(deletions.mails_to(user)))
        user.anonymise(UNUSABLE, clock.now())
        await self._unit.session.flush()

    async def expire(self, user: User) -> None:
        """Delete an account that was never confirmed, without a trace; it must be locked."""
        self._unit.audit.record("account.expired", subject=user)
        await self._unit.session.execute(delete(Job).where(deletions.mails_to(user)))
        await self._unit.session.execute(delete(User).where(User.id == user.id), execution_options=invalidates())
