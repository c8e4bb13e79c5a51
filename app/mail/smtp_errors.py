"""Interpreting the errors of sending to a mail server."""

from aiosmtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
)
from fastapi_mail.errors import ConnectionErrors

from app.queue.errors import JobFailed, JobRefused, ServiceUnreachable

_FINAL = 500
# The server is about to close, or wants to know who it is dealing with: it would take no other mail either.
_ABOUT_THE_SERVER = {421, 530, 534, 535, 538}


def delivery_error(error: Exception) -> JobFailed:
    """Whether the server or the mail is at fault, and whether a retry makes sense."""
    reason = f"{type(error).__name__}: {error}"
    match error:
        case ConnectionErrors():
            # Its text suggests what may be wrong; what is wrong says the error that it was made of.
            cause = error.__context__ or error
            return ServiceUnreachable(f"{type(cause).__name__}: {cause}")
        case SMTPRecipientsRefused(recipients=[SMTPRecipientRefused() as first, *_]):
            return delivery_error(first)
        case SMTPRecipientRefused(code=code) | SMTPDataError(code=code) if code not in _ABOUT_THE_SERVER:
            return JobRefused(reason, is_final=code >= _FINAL)
        case SMTPNotSupported():
            return JobRefused(f"{reason} (needed for what is not ASCII before the @)", is_final=True)
        case SMTPException() | OSError():
            return ServiceUnreachable(reason)
    return JobRefused(reason, is_final=False)
