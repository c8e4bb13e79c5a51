"""Queries for account deletion: remaining admins, successors, and what else has to be deleted."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from app.accounts.models import AccountDeletion, Invitation, User
from app.accounts.queries import users
from app.accounts.requested_mails import MAIL_REQUEST
from app.core.roles import Role
from app.mail.notices import NOTICES
from app.mail.queries import IS_MAIL, RECIPIENT, greets
from app.queue.models import Job

_AUTHORS = [role for role in Role if role.includes(Role.AUTHOR)]

is_leaving = select(AccountDeletion.user_id).where(AccountDeletion.user_id == User.id).correlate(User).exists()


def leaving(user_ids: list[int]) -> Select[tuple[int]]:
    """Which of these accounts are about to be deleted."""
    return select(AccountDeletion.user_id).where(AccountDeletion.user_id.in_(user_ids))


def due(now: datetime) -> Select[tuple[int]]:
    """The accounts whose deletion is due."""
    return select(AccountDeletion.user_id).where(AccountDeletion.due_at <= now).order_by(AccountDeletion.user_id)


def locked(user_id: int) -> Select[tuple[User]]:
    """An account that exists, unless another transaction has locked it."""
    return select(User).where(User.id == user_id, users.exists).with_for_update(skip_locked=True)


def successors() -> Select[tuple[User]]:
    """All accounts that articles can be handed over to; not those that are about to be deleted themselves."""
    return select(User).where(users.acts_as(*_AUTHORS), ~is_leaving)


def first_admin(but: int) -> Select[tuple[User]]:
    """The longest-standing active admin other than this account."""
    others = (users.acts_as(Role.ADMIN), User.id != but, ~is_leaving)
    return select(User).where(*others).order_by(User.id).limit(1)


def mails_to(user: User) -> ColumnElement[bool]:
    """Mails to the account's email, and those that greet it by its username, whatever their recipient.

    Not everything sent to an address that it merely claims: that may be someone else's.
    """
    return and_(IS_MAIL, or_(user.email == RECIPIENT, greets(user.username)))


def notices_to(user: User) -> ColumnElement[bool]:
    """Notices that wait, to the account's email or greeting it by its username."""
    username = Job.payload["username"].as_string()
    return and_(Job.kind == NOTICES.name, or_(user.email == RECIPIENT, username == user.username))


def mail_requests_for(user: User) -> ColumnElement[bool]:
    """Requests for mails to the account's email."""
    return and_(Job.kind == MAIL_REQUEST.name, Job.payload["email"].as_string() == user.email)


def invitations_of(user: User) -> ColumnElement[bool]:
    """Invitations that the account sent, the one it was opened with, and those to its email."""
    # Compared with nothing it would be all those without an address.
    to_email = Invitation.email == user.email if user.email is not None else false()
    return or_(Invitation.invited_by_id == user.id, Invitation.used_by_id == user.id, to_email)
