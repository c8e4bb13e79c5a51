"""What has expired and can be deleted."""

from datetime import datetime

from sqlalchemy import ColumnElement

from app.accounts.models import EmailChange, Invitation, LoginSession, PasskeyChallenge


def sessions(before: datetime) -> ColumnElement[bool]:
    return LoginSession.expires_at <= before


def challenges(before: datetime) -> ColumnElement[bool]:
    return PasskeyChallenge.expires_at <= before


def settled_email_changes(before: datetime) -> ColumnElement[bool]:
    """Email changes that were requested before this: too long ago to be undone."""
    return EmailChange.requested_at <= before


def invitations(before: datetime) -> ColumnElement[bool]:
    return Invitation.expires_at <= before
