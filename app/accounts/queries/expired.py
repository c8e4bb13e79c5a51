"""What has expired and can be deleted."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from app.accounts.models import EmailChange, Invitation, LoginSession, PasskeyChallenge, User
from app.accounts.queries import users


def sessions(before: datetime) -> ColumnElement[bool]:
    return LoginSession.expires_at <= before


def challenges(before: datetime) -> ColumnElement[bool]:
    return PasskeyChallenge.expires_at <= before


def settled_email_changes(before: datetime) -> ColumnElement[bool]:
    """Email changes that were requested before this: too long ago to be undone."""
    return EmailChange.requested_at <= before


def invitations(before: datetime) -> ColumnElement[bool]:
    return Invitation.expires_at <= before


def never_confirmed(before: datetime) -> ColumnElement[bool]:
    """Accounts opened before this whose owners have never confirmed an email.

    Those that have written something or are still logged in stay.
    """
    return and_(
        User.email.is_(None),
        User.pending_email.is_not(None),
        User.created_at <= before,
        users.exists,
        ~select(LoginSession.id).where(LoginSession.user_id == User.id).correlate(User).exists(),
        ~users.has_written(),
    )
