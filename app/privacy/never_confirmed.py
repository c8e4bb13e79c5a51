"""Removing accounts that were opened and never confirmed."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select

from app.accounts.models import LoginSession, User
from app.accounts.queries import users
from app.accounts.services.deletions import AccountDeletionService
from app.comments.models import Comment
from app.content.models import Article
from app.core import clock
from app.db.clearing import ids_of
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing

KEEP_UNCONFIRMED = timedelta(days=7)
# Each of them takes a few statements.
_ACCOUNTS = 50


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
        ~select(Article.id).where(Article.author_id == User.id).correlate(User).exists(),
        ~select(Comment.id).where(Comment.author_id == User.id).correlate(User).exists(),
    )


async def clear_unconfirmed(chore: Delivery[Nothing]) -> None:
    condition = never_confirmed(clock.now() - KEEP_UNCONFIRMED)
    while ids := await ids_of(chore.database, User, condition, _ACCOUNTS):
        async with chore.unit_of_work() as unit:
            # Once more: who confirms an address meanwhile stays.
            still_expired = select(User).where(User.id.in_(ids), condition).with_for_update(skip_locked=True, of=User)
            found = (await unit.session.scalars(still_expired)).all()
            for user in found:
                await AccountDeletionService(unit).expire(user)
        if len(found) < _ACCOUNTS:
            return
