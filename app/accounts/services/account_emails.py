"""Emails that tell account owners what happened to their accounts."""

from datetime import datetime

from app.accounts.models import LoginSession, User
from app.unit_of_work import UnitOfWork


class AccountEmails:
    """Emails that owners get without having asked; they don't require a click."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def registration_attempt(self, owner: User) -> None:
        """Someone, perhaps the owner, used the address to register another account."""
        self._send(owner, "registration_attempt", "Someone tried to register with your email address")

    def stolen_session(self, owner: User, login: LoginSession) -> None:
        """A refresh token was used twice."""
        since = f"{login.created_at:%d %B %Y, %H:%M} UTC"
        self._send(owner, "stolen_session", "We ended one of your sessions", since=since)

    def password_changed(self, owner: User) -> None:
        self._send(owner, "password_changed", "Your password was changed")

    def security_changed(self, owner: User, what: str) -> None:
        """`what` is a clause, such as "a second factor was removed"."""
        self._send(owner, "security_changed", "Security notice for your account", what=what)

    def deletion_requested(self, owner: User, due_at: datetime) -> None:
        self._send(owner, "deletion_requested", "Your account will be deleted", day=f"{due_at.day} {due_at:%B %Y}")

    def deletion_undone(self, owner: User) -> None:
        self._send(owner, "deletion_undone", "Your account will be kept")

    def articles_handed_over(self, successor: User, count: int) -> None:
        """Doesn't name the former author, who has been forgotten."""
        self._send(successor, "articles_handed_over", "Articles were handed over to you", count=count)

    def _send(self, owner: User, template: str, subject: str, **values: object) -> None:
        if owner.email is not None:
            self._unit.outbox.put(self._unit.messages.notice(template, owner.email, owner.username, subject, **values))
