"""Requests for an email to a given address.

A request is only stored, which takes the same time whether or not there is an account. A worker looks the account up
after the response has been sent.
"""

from app.accounts.limits import MAILS_TO_RECIPIENT
from app.accounts.models import MailRequest, RequestedMail
from app.unit_of_work import UnitOfWork


class MailRequests:
    """Stores mail requests."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def put(self, mail: RequestedMail, email: str) -> None:
        """Request this email for the account with this address, if there is one. Raises `TooManyRequests`."""
        await self._unit.limiter.hit(MAILS_TO_RECIPIENT, mail, email)
        self._unit.session.add(
            MailRequest(
                mail=mail, email=email, ip_address=self._unit.client.ip_address, user_agent=self._unit.client.user_agent
            )
        )
