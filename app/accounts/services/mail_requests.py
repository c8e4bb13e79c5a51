"""Requests for an email to a given address.

A request is only stored, which takes the same time whether or not there is an account. A worker looks the account up
after the response has been sent.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import MailRequest, RequestedMail
from app.core.client import Client
from app.core.rate_limiter import RateLimiter
from app.core.rate_limits import MAILS_TO_RECIPIENT


class MailRequests:
    """Stores mail requests."""

    def __init__(self, session: AsyncSession, limiter: RateLimiter, client: Client) -> None:
        self._session = session
        self._limiter = limiter
        self._client = client

    async def put(self, mail: RequestedMail, email: str) -> None:
        """Request this email for the account with this address, if there is one. Raises `TooManyRequests`."""
        await self._limiter.hit(MAILS_TO_RECIPIENT, mail, email)
        self._session.add(
            MailRequest(mail=mail, email=email, ip_address=self._client.ip_address, user_agent=self._client.user_agent)
        )
