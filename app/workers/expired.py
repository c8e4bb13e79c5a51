"""What is of no use to anybody any more."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from app.accounts.models import EmailChange, Invitation, LoginSession, PasskeyChallenge, User
from app.accounts.queries import users
from app.comments.models import Comment
from app.content.models import Article
from app.db.changes.models import Invalidation


def expired_sessions(before: datetime) -> ColumnElement[bool]:
    return LoginSession.expires_at <= before


def expired_challenges(before: datetime) -> ColumnElement[bool]:
    return PasskeyChallenge.expires_at <= before


def undoable_no_longer(before: datetime) -> ColumnElement[bool]:
    """Changes of addresses that were asked for before this: too long ago to be undone."""
    return EmailChange.requested_at <= before


def received_invalidations(before: datetime) -> ColumnElement[bool]:
    """Announcements of changes that every process that is still alive has long heard."""
    return Invalidation.at <= before


def expired_invitations(before: datetime) -> ColumnElement[bool]:
    return Invitation.expires_at <= before


def never_confirmed(before: datetime) -> ColumnElement[bool]:
    """Accounts opened before this whose owners have never shown that an address is theirs.

    Those of somebody who wrote something or is still logged in stay.
    """
    return and_(
        User.email.is_(None),
        User.pending_email.is_not(None),
        User.created_at <= before,
        users.exists,
        ~select(LoginSession.id).where(LoginSession.user_id == User.id).correlate(User).exists(),
        ~select(Article.id).where(Article.author_id == User.id).correlate(User).exists(),
        ~select(Comment.id).where(Comment.author_id == User.id).correlate(User).exists(),
    )
