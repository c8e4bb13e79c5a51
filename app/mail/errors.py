"""What can go wrong with mails on their way to the mail server."""

from app.queue.errors import JobRefused, ServiceUnreachable


class ServerUnreachable(ServiceUnreachable):
    """The mail server does not answer, or accepts no mails at all at the moment."""


class MailRefused(JobRefused):
    """The mail server does not accept this mail; `is_final` if it never will."""
