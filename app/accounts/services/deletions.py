"""Account deletion: requested, cancelled by logging in, and carried out when due."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from app.accounts import audit_actions as actions
from app.accounts import personal_data
from app.accounts.errors import UnknownSuccessor
from app.accounts.events import AccountDeleted
from app.accounts.models import AccountDeletion, ArticleDisposition, User
from app.accounts.policies.actors import Principal
from app.accounts.queries import deletions
from app.accounts.schemas.privacy import DeletionInput
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.credentials import end_access
from app.accounts.services.last_admin import require_another_admin
from app.accounts.services.locking import lock_account, require_as_seen
from app.accounts.services.reauthentication import Reauthentication
from app.accounts.services.sessions import SessionService
from app.core import clock
from app.core.password_hasher import UNUSABLE
from app.db.changes.tracking import invalidates, is_public
from app.mail.queries import LETS_IN
from app.queue.models import Job
from app.unit_of_work import UnitOfWork


class AccountDeletionService:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._reauthentication = Reauthentication(unit)
        self._sessions = SessionService(unit)
        self._account_emails = AccountEmails(unit)
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
        await require_as_seen(self._unit.preconditions, user)
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
        self._unit.audit.record(actions.DELETION_REQUESTED, actor=user, subject=user, articles=disposition)
        await self._account_emails.deletion_requested(user, due_at)
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
        if data.articles is None and await self._leaves_something(user):
            raise UnknownSuccessor("Choose what should happen to your articles.", field="articles")
        return ArticleDisposition.REMOVE, None

    async def _leaves_something(self, user: User) -> bool:
        """Whether the account has written anything whose disposition its owner chooses."""
        for authored in personal_data.authored():
            written = select(authored.author).where(authored.author == user.id).limit(1)
            if authored.disposition is not None and await self._unit.session.scalar(written) is not None:
                return True
        return False

    async def _log_out(self, user: User) -> None:
        await self._sessions.end_all(user)
        await end_access(self._unit.session, user)
        # What else they tell leaves all the same: a thief must not keep it from the owner.
        await self._unit.session.execute(delete(Job).where(deletions.mails_to(user), LETS_IN))

    async def cancel(self, user: User) -> None:
        """Cancel the deletion of an account because its owner logs in. The account must be locked."""
        wish = delete(AccountDeletion).where(AccountDeletion.user_id == user.id)
        if (await self._unit.session.execute(wish.returning(AccountDeletion.user_id))).all():
            self._unit.audit.record(actions.DELETION_UNDONE, actor=user, subject=user)
            await self._account_emails.deletion_undone(user)

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
        self._unit.audit.record(actions.ACCOUNT_DELETED, actor=user, subject=user, articles=disposition)
        await self.forget(user, by=user)

    async def settle_articles(
        self, user: User, disposition: ArticleDisposition, successor: User | None, by: User | None
    ) -> None:
        """Remove an account's articles, or hand them over to the successor or else an admin; it must be locked.

        Without any of them they stay where they are.
        """
        if disposition is ArticleDisposition.HAND_OVER and successor is None:
            successor = await self._unit.session.scalar(deletions.first_admin(but=user.id))
        for authored in personal_data.authored():
            if authored.disposition is None:
                continue
            if disposition is ArticleDisposition.REMOVE:
                await authored.disposition(self._unit).remove(user, by)
            elif successor is not None:
                await authored.disposition(self._unit).hand_over(user, successor, by)

    async def forget(self, user: User, by: User | None) -> None:
        """Delete everything that identifies an account's owner; what they wrote stays. The account must be locked."""
        await self._delete_owned(user)
        user.anonymise(UNUSABLE, clock.now())
        await self._unit.session.flush()
        await self._unit.emit(AccountDeleted(user.id, by.id if by else None))

    async def _delete_owned(self, user: User) -> None:
        for owned in personal_data.owned():
            if is_public(owned.entity.__table__):
                # One by one: each says which public responses it invalidates, a statement would invalidate all of them.
                for row in await self._unit.session.scalars(select(owned.entity).where(owned.rows_of(user))):
                    await self._unit.session.delete(row)
            else:
                await self._unit.session.execute(delete(owned.entity).where(owned.rows_of(user)))
        await self._unit.session.flush()

    async def expire(self, user: User) -> None:
        """Delete an account that was never confirmed, without a trace; it must be locked."""
        self._unit.audit.record(actions.ACCOUNT_EXPIRED, subject=user)
        await self._delete_owned(user)
        await self._unit.session.execute(delete(User).where(User.id == user.id), execution_options=invalidates())
        await self._unit.emit(AccountDeleted(user.id, None))
