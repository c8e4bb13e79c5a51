"""Which public responses a change to an account invalidates, and what is done for accounts beside requests."""

from datetime import timedelta

from app.accounts import jobs
from app.accounts.models import User
from app.accounts.requested_mails import MAIL_REQUEST
from app.cache import keys
from app.db.changes.tracking import Change, register_public
from app.queue.kinds import register_chore, register_job

_PUBLIC_FIELDS = {"username", "display_name", "avatar_url", "bio", "deleted_at"}


def _by_user(change: Change) -> set[str]:
    # Whoever comes or goes has written nothing that is shown.
    if not change.is_update or not change.fields & _PUBLIC_FIELDS:
        return set()
    return {keys.author(change.instance.id), keys.AUTHORS}


register_public(User.__table__, _by_user, is_seen_when_new=False)
register_job(MAIL_REQUEST, jobs.carry_out_mail_request, client=lambda request: request.client)
register_chore("delete_due_accounts", jobs.delete_due_accounts, every=timedelta(minutes=5))
for _chore in (jobs.clear_sessions, jobs.clear_challenges, jobs.clear_email_changes, jobs.clear_invitations):
    register_chore(_chore.__name__, _chore, every=timedelta(hours=1))
