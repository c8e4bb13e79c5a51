"""What admins do with other people's accounts, and what everybody sees of authors."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, passwords
from app.core.errors import AuthorNotFound, LastAdmin, UserNotFound
from app.core.roles import Role
from app.db.constraints import translating
from app.db.models import OutboxMail, User
from app.db.queries import users
from app.policies.actors import Actor, require_role
from app.schemas.pages import PageQuery
from app.schemas.users import AuthorOut, UserListQuery, UserUpdate
from app.services.accounts import UNIQUE_ACCOUNT
from app.services.audit import AuditLog
from app.services.paging import Slice, fetch_page
from app.services.sessions import SessionService


@dataclass(frozen=True)
class Counted:
    """Some of the accounts, and how many there are."""

    items: Sequence[User]
    total: int


class UserService:
    def __init__(self, session: AsyncSession, sessions: SessionService, audit: AuditLog) -> None:
        self._session = session
        self._sessions = sessions
        self._audit = audit

    async def list(self, actor: Actor, query: UserListQuery) -> Counted:
        """Accounts, the newest first, for admins."""
        require_role(actor, Role.ADMIN)
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

    async def get(self, actor: Actor, user_id: int) -> User:
        """One account, for admins. Raises `UserNotFound`."""
        require_role(actor, Role.ADMIN)
        user = await self._session.scalar(select(User).where(User.id == user_id, users.exists))
        if user is None:
            raise UserNotFound
        return user

    async def update(self, actor: Actor, user_id: int, data: UserUpdate) -> User:
        """Change an account. Raises `UserNotFound`, `EmailTaken`, `UsernameTaken` or `LastAdmin`."""
        changes = {name: getattr(data, name) for name in data.model_fields_set}
        deposes = changes.get("role", Role.ADMIN) is not Role.ADMIN or not changes.get("is_active", True)
        user = await self._locked(actor, user_id, keep_an_admin=deposes)
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
        self._record(actor, user, role, was_active=was_active, changed=sorted(data.model_fields_set))
        return user

    def _record(self, actor: Actor, user: User, role: Role, *, was_active: bool, changed: Sequence[str]) -> None:
        admin = actor.account if actor else None
        self._audit.record("account.changed", actor=admin, subject=user, fields=changed)
        if user.role is not role:
            self._audit.record("account.role_changed", actor=admin, subject=user, before=role, role=user.role)
        if user.is_active is not was_active:
            action = "account.reactivated" if user.is_active else "account.deactivated"
            self._audit.record(action, actor=admin, subject=user)

    async def delete(self, actor: Actor, user_id: int) -> None:
        """Forget who an account belonged to; what they wrote stays. Raises `UserNotFound` or `LastAdmin`."""
        user = await self._locked(actor, user_id, keep_an_admin=True)
        addresses = [address for address in (user.email, user.pending_email) if address is not None]
        await self._session.execute(delete(OutboxMail).where(OutboxMail.recipient.in_(addresses)))
        await self._sessions.end_all(user)
        user.anonymise(passwords.UNUSABLE, clock.now())
        self._audit.record("account.deleted", actor=actor.account if actor else None, subject=user)

    async def _locked(self, actor: Actor, user_id: int, *, keep_an_admin: bool) -> User:
        user = await self.get(actor, user_id)
        if keep_an_admin:
            locked = (await self._session.execute(users.locked_with_active_admins(user_id))).all()
            if [locked_id for locked_id, is_active_admin in locked if is_active_admin] == [user_id]:
                raise LastAdmin
        await self._session.refresh(user, with_for_update=True)
        if user.deleted_at is not None:
            raise UserNotFound
        return user

    async def authors(self, page: PageQuery) -> Slice[AuthorOut]:
        """Everybody who has published something."""
        rows = await fetch_page(self._session, users.authors().where(users.exists), users.BY_USERNAME, page)
        return Slice([_profile(user, count) for user, count, *_ in rows.items], rows.next_cursor)

    async def author(self, username: str) -> AuthorOut:
        """The public profile of somebody who has published something. Raises `AuthorNotFound`.

        Of deleted accounts too: what they wrote is still listed under the name that is left of them.
        """
        found = await self._session.execute(users.authors().where(User.username == username))
        row = found.one_or_none()
        if row is None:
            raise AuthorNotFound
        return _profile(row[0], row[1])


def _profile(user: User, article_count: int) -> AuthorOut:
    return AuthorOut(
        username=user.username,
        display_name=user.display_name,
        avatar_url=user.avatar_url,
        bio=user.bio,
        article_count=article_count,
    )
