"""What can go wrong with mails in the outbox."""

from app.core.errors import NotFound


class MailNotFound(NotFound):
    code = "mail_not_found"
    message = "There is no such mail in the outbox; it may have left."
