"""Mails that tell owners of accounts what has happened to them."""

from datetime import datetime

from app.accounts.models import LoginSession, User
from app.mail.messages import MessageWriter
from app.mail.outbox import Outbox


class AccountEmails:
    """What owners are told without having asked; nothing in these mails has to be clicked."""

    def __init__(self, outbox: Outbox, messages: MessageWriter) -> None:
        self._outbox = outbox
        self._messages = messages

    def registration_attempt(self, owner: User) -> None:
        """Somebody, perhaps the owner, has used the address to open another account."""
        self._send(owner, "registration_attempt", "Somebody used your address to register")

    def stolen_session(self, owner: User, login: LoginSession) -> None:
        """A used refresh token came back."""
        since = f"{login.created_at:%d %B %Y, %H:%M} UTC"
        self._send(owner, "stolen_session", "One of your sessions was ended", since=since)

    def password_changed(self, owner: User) -> None:
        self._send(owner, "password_changed", "Your password was changed")

    def security_changed(self, owner: User, what: str) -> None:
        """`what` is a clause, such as "a second factor was removed"."""
        self._send(owner, "security_changed", "A change to your account", what=what)

    def deletion_requested(self, owner: User, due_at: datetime) -> None:
        self._send(owner, "deletion_requested", "Your account will be deleted", day=f"{due_at.day} {due_at:%B %Y}")

    def deletion_undone(self, owner: User) -> None:
        self._send(owner, "deletion_undone", "Your account stays")

    def articles_handed_over(self, successor: User, count: int) -> None:
        """Whose they were is not said: that has been forgotten."""
        self._send(successor, "articles_handed_over", "Articles were handed over to you", count=count)

    def _send(self, owner: User, template: str, subject: str, **values: object) -> None:
        if owner.email is not None:
            self._outbox.put(self._messages.notice(template, owner.email, owner.username, subject, **values))
