"""Emails that tell account owners what happened to their accounts."""

from datetime import datetime

from app.accounts import notices
from app.accounts.models import EmailChange, LoginSession, User
from app.accounts.user_manager import UNDO_DAYS, UserManager
from app.mail.notices import NoticeKind
from app.unit_of_work import UnitOfWork


class AccountEmails:
    """Emails that owners get without having asked; they don't require a click. Those of one kind merge."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def stolen_session(self, owner: User, login: LoginSession) -> None:
        """A refresh token was used twice."""
        await self._tell(owner, notices.STOLEN_SESSION, since=f"{login.created_at:%d %B %Y, %H:%M} UTC")

    async def password_changed(self, owner: User) -> None:
        await self._tell(owner, notices.PASSWORD_CHANGED)

    async def security_changed(self, owner: User, what: str, *, topic: str | None = None) -> None:
        """`what` is a clause, such as "a second factor was removed". On one topic only the last one is told."""
        await self._tell(owner, notices.SECURITY_CHANGED, topic or what, what=what)

    async def email_change_requested(self, owner: User, change: EmailChange) -> None:
        """Tell the present address that a new one was requested, and how to keep the present one."""
        await self._tell_old_email(notices.EMAIL_CHANGE_REQUESTED, owner, change.old_email, change)

    async def email_changed(self, owner: User, former: str, change: EmailChange) -> None:
        """Tell the former address that a new one was confirmed, and how to undo that."""
        await self._tell_old_email(notices.EMAIL_CHANGED, owner, former, change)

    async def deletion_requested(self, owner: User, due_at: datetime) -> None:
        await self._tell(owner, notices.DELETION_REQUESTED, day=f"{due_at.day} {due_at:%B %Y}")

    async def deletion_undone(self, owner: User) -> None:
        await self._tell(owner, notices.DELETION_UNDONE)

    async def articles_handed_over(self, successor: User, count: int) -> None:
        """Doesn't name the former author, who has been forgotten."""
        await self._tell(successor, notices.ARTICLES_HANDED_OVER, count=count)

    async def _tell_old_email(self, kind: NoticeKind, owner: User, old_email: str, change: EmailChange) -> None:
        token = UserManager(self._unit.session, self._unit.settings).undo_token(change)
        link = self._unit.messages.undo_link(token)
        await self._unit.notices.put(
            kind, old_email, owner.username, new_email=change.new_email, days=UNDO_DAYS, link=link
        )

    async def _tell(self, owner: User, kind: NoticeKind, topic: str = "", **values: str | int) -> None:
        if owner.email is not None:
            await self._unit.notices.put(kind, owner.email, owner.username, topic, **values)
