"""Requests for an email to a given address.

A request is only enqueued, which takes the same time whether or not there is an account. The account is looked up
after the response has been sent.
"""

from app.accounts.limits import MAILS_TO_RECIPIENT
from app.accounts.requested_mails import MAIL_REQUEST, MailRequest, RequestedMail
from app.core.errors import TooManyRequests
from app.unit_of_work import UnitOfWork


class MailRequests:
    """Enqueues mail requests."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def put(self, mail: RequestedMail, email: str) -> None:
        """Request this email for the account with this address, if there is one. Raises `TooManyRequests`."""
        await self._unit.limiter.hit(MAILS_TO_RECIPIENT, mail, _mailbox(email))
        client = self._unit.client
        request = MailRequest(mail, email, client.ip_address, client.user_agent)
        self._unit.jobs.enqueue(MAIL_REQUEST, request)

    async def require_room(self, email: str) -> None:
        """Count an email that is sent to this address because of a request. Raises `TooManyRequests`."""
        await self._unit.limiter.hit(MAILS_TO_RECIPIENT, _mailbox(email))

    async def may_send(self, what: str, email: str) -> bool:
        """Whether one more of these may be sent to this address now; it is counted."""
        try:
            await self._unit.limiter.hit(MAILS_TO_RECIPIENT, what, _mailbox(email))
        except TooManyRequests:
            return False
        return True


def _mailbox(email: str) -> str:
    """Where an email for this address ends up: what follows a plus sign is a note of its owner's."""
    name, _, domain = email.lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
