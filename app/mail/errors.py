"""What can go wrong with mails: in the outbox, and on their way to the mail server."""

from app.core.errors import NotFound


class MailNotFound(NotFound):
    code = "mail_not_found"
    message = "Email not found in the outbox. It may already have been sent."


class DeliveryError(Exception):
    """A mail did not leave."""


class ServerUnreachable(DeliveryError):
    """The mail server does not answer, or accepts no mails at all at the moment."""


class MailRefused(DeliveryError):
    """The mail server does not accept this mail; `is_final` if it never will."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final
