"""What accounts have to do with the rest of the blog.

The tables of the packages below are declared here too: they know no accounts. Rows are deleted in the order of these
declarations.
"""

from datetime import timedelta

from sqlalchemy import and_, or_, true

from app.accounts import jobs
from app.accounts.exports import accounts as exports
from app.accounts.exports.parts import NotExported
from app.accounts.models import (
    AccountDeletion,
    EmailChange,
    Invitation,
    LoginSession,
    Passkey,
    PasskeyChallenge,
    PersonalToken,
    ProviderAccount,
    RecoveryCode,
    RefreshToken,
    Totp,
    User,
)
from app.accounts.personal_data import (
    ACCESS,
    Credentials,
    register_impersonal,
    register_mentioned,
    register_owned,
    register_part,
)
from app.accounts.queries import deletions
from app.accounts.requested_mails import MAIL_REQUEST
from app.audit.models import AuditEvent
from app.cache import keys
from app.db.changes.models import Invalidation
from app.db.changes.tracking import Change, register_private, register_public
from app.mail.notices import NOTICES
from app.mail.outbox import MAIL
from app.queue.kinds import register_chore, register_job
from app.queue.models import Job

_PUBLIC_FIELDS = {"username", "display_name", "avatar_url", "bio", "deleted_at"}


def _by_user(change: Change) -> set[str]:
    # Whoever comes or goes has written nothing that is shown.
    if not change.is_update or not change.fields & _PUBLIC_FIELDS:
        return set()
    return {keys.author(change.instance.id), keys.AUTHORS}


register_public(User.__table__, _by_user, is_seen_when_new=False)
register_private(
    AccountDeletion.__table__,
    EmailChange.__table__,
    Invitation.__table__,
    LoginSession.__table__,
    Passkey.__table__,
    PasskeyChallenge.__table__,
    PersonalToken.__table__,
    ProviderAccount.__table__,
    RecoveryCode.__table__,
    RefreshToken.__table__,
    Totp.__table__,
)

register_mentioned(
    User.id, "The row stays, anonymised: what was written keeps a place to point to.", exported=exports.ACCOUNT
)
register_owned(LoginSession.user_id, credentials=ACCESS, exported=exports.SESSIONS)
register_part(RefreshToken.__table__, LoginSession.__table__)
register_owned(PersonalToken.user_id, credentials=ACCESS, exported=exports.PERSONAL_TOKENS)
register_owned(
    Totp.user_id,
    credentials=Credentials(lambda since: or_(Totp.confirmed_at.is_(None), Totp.confirmed_at > since)),
    exported=exports.AUTHENTICATOR_APP,
)
register_owned(
    RecoveryCode.user_id,
    credentials=Credentials(lambda since: or_(RecoveryCode.created_at.is_(None), RecoveryCode.created_at > since)),
    exported=exports.RECOVERY_CODES,
)
register_owned(
    Passkey.user_id, credentials=Credentials(lambda since: Passkey.created_at > since), exported=exports.PASSKEYS
)
register_owned(
    PasskeyChallenge.user_id,
    # They are valid for minutes only.
    credentials=Credentials(lambda _since: true()),
    exported=NotExported("It is random, and gone within minutes."),
)
register_owned(
    ProviderAccount.user_id,
    credentials=Credentials(lambda since: ProviderAccount.created_at > since),
    exported=exports.PROVIDERS,
)
register_owned(EmailChange.user_id, credentials=None, exported=exports.EMAIL_CHANGES)
register_owned(
    AccountDeletion.user_id,
    credentials=None,
    exported=NotExported("Logging in cancels the deletion, and only who has logged in can export."),
)
register_mentioned(
    AccountDeletion.successor_id,
    "It is somebody else's wish. Whoever is gone does not inherit.",
    exported=NotExported("It is somebody else's wish."),
)
register_owned(
    Invitation.invited_by_id,
    rows_of=deletions.invitations_of,
    # With one, a thief would come back as somebody else, and with a higher role than a stranger has.
    credentials=Credentials(lambda since: and_(Invitation.created_at > since, Invitation.used_at.is_(None))),
    exported=exports.INVITATIONS,
)
register_mentioned(
    Invitation.used_by_id,
    "The invitation is deleted together with the account that was opened with it.",
    exported=NotExported("It says who invited whom, which is the inviter's."),
)
register_owned(
    Job.payload,
    job_kind=MAIL_REQUEST,
    rows_of=deletions.mail_requests_for,
    credentials=None,
    exported=NotExported("It is gone within seconds, and anybody may have made it."),
)
register_owned(
    Job.payload,
    job_kind=MAIL,
    rows_of=deletions.mails_to,
    credentials=None,
    exported=NotExported("It is on its way to its recipient."),
)
register_owned(
    Job.payload,
    job_kind=NOTICES,
    rows_of=deletions.notices_to,
    credentials=None,
    exported=NotExported("It is on its way to its recipient."),
)
register_mentioned(
    AuditEvent.actor_id,
    "What happened stays true when the account is gone. The log cannot be edited, and has no names in it.",
    exported=exports.EVENTS,
)
register_impersonal(Invalidation.__table__)

register_job(NOTICES, jobs.end_notice_pause)
register_job(MAIL_REQUEST, jobs.carry_out_mail_request, client=lambda request: request.client)
register_chore("delete_due_accounts", jobs.delete_due_accounts, every=timedelta(minutes=5))
register_chore("clear_sessions", jobs.clear_sessions, every=timedelta(hours=1))
register_chore("clear_challenges", jobs.clear_challenges, every=timedelta(hours=1))
register_chore("clear_email_changes", jobs.clear_email_changes, every=timedelta(hours=1))
register_chore("clear_invitations", jobs.clear_invitations, every=timedelta(hours=1))
register_chore("clear_unconfirmed", jobs.clear_unconfirmed, every=timedelta(hours=1))
