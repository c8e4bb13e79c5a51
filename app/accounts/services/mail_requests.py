"""Requests for an email to a given address.

A request is only enqueued, which takes the same time whether or not there is an account. The account is looked up
after the response has been sent.
"""

from app.accounts.limits import MAILS_TO_RECIPIENT
from app.accounts.requested_mails import MAIL_REQUEST, MailRequest, RequestedMail
from app.unit_of_work import UnitOfWork


class MailRequests:
    """Enqueues mail requests."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def put(self, mail: RequestedMail, email: str) -> None:
        """Request this email for the account with this address, if there is one. Raises `TooManyRequests`."""
        await self._unit.limiter.hit(MAILS_TO_RECIPIENT, mail, email)
        client = self._unit.client
        request = MailRequest(mail, email.lower(), client.ip_address, client.user_agent)
        self._unit.jobs.enqueue(MAIL_REQUEST, request)
