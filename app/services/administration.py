"""Accounts in the hands of somebody who may do anything to them: an admin, or whoever runs the commands.

Nothing here asks who that is: `UserService` does for requests, and the command line needs no account.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import LastAdmin, UserNotFound
from app.core.passwords import UNUSABLE
from app.core.roles import Role
from app.db.constraints import translating
from app.db.models import OutboxMail, User
from app.db.queries import users
from app.schemas.users import UserListQuery, UserUpdate
from app.services.accounts import UNIQUE_ACCOUNT
from app.services.audit import AuditLog
from app.services.sessions import SessionService


@dataclass(frozen=True)
class Counted:
    """Some of the accounts, and how many there are."""

    items: Sequence[User]
    total: int


class Administration:
    """`by` is the admin whose doing it is, for the audit log; nobody's is what the command line does."""

    def __init__(self, session: AsyncSession, sessions: SessionService, audit: AuditLog) -> None:
        self._session = session
        self._sessions = sessions
        self._audit = audit

    async def list(self, query: UserListQuery) -> Counted:
        """Accounts, the newest first."""
        wanted: list[ColumnElement[bool]] = [users.exists]
        if query.role is not None:
            wanted.append(User.role == query.role)
        if query.is_active is not None:
            wanted.append(User.is_active == query.is_active)
        if query.q:
            wanted.append(users.matching(query.q))
        found = select(User).where(*wanted).order_by(User.id.desc()).limit(query.limit).offset(query.skip)
        total = await self._session.scalar(select(func.count()).select_from(User).where(*wanted))
        return Counted((await self._session.scalars(found)).all(), total or 0)

    async def get(self, user_id: int) -> User:
        """One account. Raises `UserNotFound`."""
        user = await self._session.scalar(select(User).where(User.id == user_id, users.exists))
        if user is None:
            raise UserNotFound
        return user

    async def find(self, login: str) -> User:
        """The account with this e-mail address, username or `#id`. Raises `UserNotFound`."""
        user = await self._session.scalar(users.by_name(login.strip().lower()))
        if user is None:
            raise UserNotFound
        return user

    async def update(self, user_id: int, data: UserUpdate, by: User | None = None) -> User:
        """Change an account. Raises `UserNotFound`, `EmailTaken`, `UsernameTaken` or `LastAdmin`."""
        changes = {name: getattr(data, name) for name in data.model_fields_set}
        deposes = changes.get("role", Role.ADMIN) is not Role.ADMIN or not changes.get("is_active", True)
        user = await self._locked(user_id, keep_an_admin=deposes)
        if changes.get("email", user.email) != user.email:
            # Another address is another mailbox, unless the admin vouches for it.
            changes.setdefault("is_verified", False)
            user.pending_email = None
        elif changes.get("is_verified") and user.pending_email is not None:
            user.confirm_address()
        role, was_active = user.role, user.is_active
        if changes.pop("is_active", was_active) != was_active:
            (user.deactivate if was_active else user.reactivate)()
        for name, value in changes.items():
            setattr(user, name, value)
        if user.role is not role:
            # What was begun in the old role is not continued in the new one.
            user.end_access()
        if was_active and not user.is_active:
            await self._sessions.end_all(user)
        with translating(UNIQUE_ACCOUNT):
            await self._session.flush()
        await self._session.refresh(user)
        self._record(by, user, role, was_active=was_active, changed=sorted(data.model_fields_set))
        return user

    def _record(self, by: User | None, user: User, role: Role, *, was_active: bool, changed: Sequence[str]) -> None:
        self._audit.record("account.changed", actor=by, subject=user, fields=changed)
        if user.role is not role:
            self._audit.record("account.role_changed", actor=by, subject=user, before=role, role=user.role)
        if user.is_active is not was_active:
            action = "account.reactivated" if user.is_active else "account.deactivated"
            self._audit.record(action, actor=by, subject=user)

    async def delete(self, user_id: int, by: User | None = None) -> None:
        """Forget who an account belonged to; what they wrote stays. Raises `UserNotFound` or `LastAdmin`."""
        user = await self._locked(user_id, keep_an_admin=True)
        addresses = [address for address in (user.email, user.pending_email) if address is not None]
        await self._session.execute(delete(OutboxMail).where(OutboxMail.recipient.in_(addresses)))
        await self._sessions.end_all(user)
        user.anonymise(UNUSABLE, clock.now())
        self._audit.record("account.deleted", actor=by, subject=user)

    async def _locked(self, user_id: int, *, keep_an_admin: bool) -> User:
        user = await self.get(user_id)
        if keep_an_admin:
            locked = (await self._session.execute(users.locked_with_active_admins(user_id))).all()
            if [locked_id for locked_id, is_active_admin in locked if is_active_admin] == [user_id]:
                raise LastAdmin
        await self._session.refresh(user, with_for_update=True)
        if user.deleted_at is not None:
            raise UserNotFound
        return user
