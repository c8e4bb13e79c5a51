"""The jobs and chores of accounts."""

import logging
from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import EmailChange, Invitation, LoginSession, PasskeyChallenge, User
from app.accounts.queries import deletions, expired
from app.accounts.requested_mails import MailRequest, RequestedMail
from app.accounts.services.deletions import AccountDeletionService
from app.accounts.services.recovery import RecoveryService
from app.accounts.services.registration import RegistrationService
from app.accounts.user_manager import UNDO_DAYS, VERIFICATION_HOURS
from app.core import clock
from app.db.clearing import delete_in_batches, ids_of
from app.db.errors import is_unreachable
from app.mail.notices import Notices
from app.queue.delivery import Delivery
from app.queue.kinds import Nothing
from app.unit_of_work import UnitOfWork

KEEP_INVITATIONS = timedelta(days=30)
KEEP_UNCONFIRMED = timedelta(days=7)
# Forgetting one takes a few statements.
_ACCOUNTS = 50
# For as long as one may be confirmed, and be undone after that.
KEEP_EMAIL_CHANGES = timedelta(hours=VERIFICATION_HOURS, days=UNDO_DAYS)
_log = logging.getLogger(__name__)


async def carry_out_mail_request(unit: UnitOfWork, request: MailRequest) -> None:
    """Send the requested email, if there is an account for it."""
    if request.mail is RequestedMail.PASSWORD_RESET:
        await RecoveryService(unit).mail_forgotten(request.email)
    else:
        await RegistrationService(unit).mail_verification(request.email)


async def end_notice_pause(unit: UnitOfWork, notices: Notices) -> None:
    """Send the notices that have come together."""
    await unit.notices.end_pause(notices.key)


async def delete_due_accounts(chore: Delivery[Nothing]) -> None:
    """Carry out the deletions that are due. One that fails does not stop the others."""
    now = clock.now()
    async with chore.database.reading() as session:
        user_ids = (await session.scalars(deletions.due(now))).all()
    for user_id in user_ids:
        try:
            async with chore.unit_of_work() as unit:
                await AccountDeletionService(unit).carry_out(user_id, now)
        except Exception as error:
            if is_unreachable(error):
                raise
            _log.error("deleting account %d failed: %r", user_id, error)


async def clear_sessions(chore: Delivery[Nothing]) -> None:
    await delete_in_batches(chore.database, LoginSession, expired.sessions(clock.now()))


async def clear_challenges(chore: Delivery[Nothing]) -> None:
    await delete_in_batches(chore.database, PasskeyChallenge, expired.challenges(clock.now()))


async def clear_email_changes(chore: Delivery[Nothing]) -> None:
    settled = expired.settled_email_changes(clock.now() - KEEP_EMAIL_CHANGES)
    await delete_in_batches(chore.database, EmailChange, settled)


async def clear_invitations(chore: Delivery[Nothing]) -> None:
    await delete_in_batches(chore.database, Invitation, expired.invitations(clock.now() - KEEP_INVITATIONS))


async def clear_unconfirmed(chore: Delivery[Nothing]) -> None:
    condition = expired.never_confirmed(clock.now() - KEEP_UNCONFIRMED)
    while ids := await ids_of(chore.database, User, condition, _ACCOUNTS):
        async with chore.unit_of_work() as unit:
            # Once more: who confirms an address meanwhile stays.
            still_expired = select(User).where(User.id.in_(ids), condition).with_for_update(skip_locked=True, of=User)
            found = (await unit.session.scalars(still_expired)).all()
            for user in found:
                await AccountDeletionService(unit).expire(user)
        if len(found) < _ACCOUNTS:
            return
