"""Account management for those who may do anything: admins, and operators on the command line.

Nothing here checks permissions: the routes do, and the command line needs no account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select

from app.accounts import audit_actions as actions
from app.accounts.errors import UnknownSuccessor, UserNotFound
from app.accounts.events import AccountConfirmed, UsernameChanged
from app.accounts.models import ArticleDisposition, EmailChange, User
from app.accounts.queries import deletions, users
from app.accounts.schemas.users import UserListQuery, UserUpdate
from app.accounts.services.account_emails import AccountEmails
from app.accounts.services.credentials import end_access
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.last_admin import require_another_admin
from app.accounts.services.locking import require_as_seen
from app.accounts.services.provisioning import UNIQUE_ACCOUNT
from app.accounts.services.sessions import SessionService
from app.accounts.user_manager import UserManager
from app.core.email_addresses import as_stored
from app.core.errors import Forbidden
from app.core.roles import Role
from app.db.constraints import translating
from app.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Counted:
    """Some of the accounts, and the total number."""

    items: Sequence[User]
    total: int


class AdminUserService:
    """`by` is the acting admin, for the audit log; None for the command line."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit
        self._sessions = SessionService(unit)
        self._deletions = AccountDeletionService(unit)
        self._account_emails = AccountEmails(unit)
        self._manager = UserManager(unit.session, unit.settings)

    async def list(self, query: UserListQuery) -> Counted:
        """Accounts, newest first."""
        wanted: list[ColumnElement[bool]] = [users.exists]
        if query.role is not None:
            wanted.append(User.role == query.role)
        if query.is_active is not None:
            wanted.append(User.is_active == query.is_active)
        if query.q:
            wanted.append(users.matching(query.q))
        found = select(User).where(*wanted).order_by(User.id.desc()).limit(query.limit).offset(query.skip)
        total = await self._unit.session.scalar(select(func.count()).select_from(User).where(*wanted))
        return Counted((await self._unit.session.scalars(found)).all(), total or 0)

    async def get(self, user_id: int) -> User:
        """One account. Raises `UserNotFound`."""
        user = await self._unit.session.scalar(select(User).where(User.id == user_id, users.exists))
        if user is None:
            raise UserNotFound
        return user

    async def find(self, login: str) -> User:
        """The account with this email, username or `#id`. Raises `UserNotFound`."""
        user = await self._unit.session.scalar(users.by_name(as_stored(login)))
        if user is None:
            raise UserNotFound
        return user

    async def update(self, user_id: int, data: UserUpdate, by: User | None = None) -> User:
        """Change an account. Raises `UserNotFound`, `EmailTaken`, `UsernameTaken` or `LastAdmin`."""
        changes = {name: getattr(data, name) for name in data.model_fields_set}
        before = await self.get(user_id)
        if changes.get("email", before.email) != before.email:
            if by is not None and by.id == user_id:
                raise Forbidden("Change your own email address in your account settings, where it will be confirmed.")
            # Another address is another mailbox, unless the admin vouches for it.
            changes.setdefault("is_verified", False)
        user = await self._locked(user_id, keep_an_admin=_may_depose(changes))
        confirmed_before = user.email if user.is_verified else None
        if changes.get("email", user.email) != user.email:
            await self._account_emails.security_changed(user, "an admin changed the email address of your account")
            # No address that the account had in between may be brought back.
            await self._unit.session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
            user.pending_email = None
        elif changes.get("is_verified") and user.pending_email is not None:
            user.confirm_email()
        role, was_active, username = user.role, user.is_active, user.username
        if changes.pop("is_active", was_active) != was_active:
            (user.deactivate if was_active else user.reactivate)()
        for name, value in changes.items():
            setattr(user, name, value)
        if user.role is not role:
            # What was begun in the old role is not continued in the new one.
            user.end_access()
        if was_active and not user.is_active:
            await self._sessions.end_all(user, by=by)
            await end_access(self._unit.session, user)
        with translating(UNIQUE_ACCOUNT):
            await self._unit.session.flush()
        await self._unit.session.refresh(user)
        self._record(by, user, role, was_active=was_active, changed=sorted(data.model_fields_set))
        await self._announce(by, user, confirmed_before, username)
        return user

    async def _announce(self, by: User | None, user: User, confirmed_before: str | None, username_before: str) -> None:
        if user.is_verified and user.email != confirmed_before:
            await self._unit.emit(AccountConfirmed(user.id, by.id if by else None))
        if user.username != username_before:
            await self._unit.emit(UsernameChanged(user.id, by.id if by else None, username_before))

    def _record(self, by: User | None, user: User, role: Role, *, was_active: bool, changed: Sequence[str]) -> None:
        self._unit.audit.record(actions.ACCOUNT_CHANGED, actor=by, subject=user, fields=changed)
        if user.role is not role:
            self._unit.audit.record(actions.ACCOUNT_ROLE_CHANGED, actor=by, subject=user, before=role, role=user.role)
        if user.is_active is not was_active:
            action = actions.ACCOUNT_REACTIVATED if user.is_active else actions.ACCOUNT_DEACTIVATED
            self._unit.audit.record(action, actor=by, subject=user)

    async def end_sessions(self, user_id: int) -> User:
        """Log an account out everywhere. Raises `UserNotFound`."""
        user = await self._locked(user_id, keep_an_admin=False)
        await self._sessions.end_all(user)
        return user

    def reset_link(self, user: User) -> str:
        """A password reset link to pass on to the account's owner; it works for active accounts only."""
        self._unit.audit.record(actions.PASSWORD_RESET_LINK_MADE, subject=user)
        return self._unit.messages.password_link(self._manager.reset_token(user))

    async def delete(
        self, user_id: int, by: User | None = None, *, successor: str | None = None, remove_articles: bool = False
    ) -> None:
        """Delete an account and erase who it belonged to. Raises `UserNotFound` or `LastAdmin`.

        What they wrote stays under a placeholder name, unless it is removed or handed over; `successor` is the username
        of the account it is handed over to. Raises `UnknownSuccessor`.
        """
        user = await self._locked(user_id, keep_an_admin=True)
        if remove_articles:
            await self._deletions.settle_articles(user, ArticleDisposition.REMOVE, None, by)
        elif successor is not None:
            await self._deletions.settle_articles(
                user, ArticleDisposition.HAND_OVER, await self._successor(user, successor), by
            )
        self._unit.audit.record(actions.ACCOUNT_DELETED, actor=by, subject=user)
        await self._deletions.forget(user, by)

    async def _successor(self, user: User, username: str) -> User:
        successor = await self._unit.session.scalar(deletions.successors().where(User.username == username))
        if successor is None or successor is user:
            raise UnknownSuccessor
        return successor

    async def _locked(self, user_id: int, *, keep_an_admin: bool) -> User:
        user = await self.get(user_id)
        if keep_an_admin:
            await require_another_admin(self._unit.session, user_id)
        await self._unit.session.refresh(user, with_for_update=True)
        if user.deleted_at is not None:
            raise UserNotFound
        await require_as_seen(self._unit.preconditions, user)
        return user


def _may_depose(changes: dict[str, Any]) -> bool:
    """Whether an admin would be none after these changes."""
    return not (
        changes.get("role", Role.ADMIN) is Role.ADMIN
        and changes.get("is_active", True)
        and changes.get("is_verified", True)
    )
