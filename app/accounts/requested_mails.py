"""Emails that somebody requests for an address, whether or not there is an account."""

from dataclasses import dataclass
from enum import StrEnum

from app.core.client import Client
from app.queue.kinds import Kind


class RequestedMail(StrEnum):
    PASSWORD_RESET = "password_reset"
    VERIFICATION = "verification"


@dataclass(frozen=True)
class MailRequest:
    """Which email was requested for which address, in lower case, and who asked, for the audit log."""

    mail: RequestedMail
    email: str
    ip_address: str
    user_agent: str

    @property
    def client(self) -> Client:
        return Client(self.ip_address, self.user_agent)


MAIL_REQUEST = Kind("mail_request", MailRequest, describe=lambda request: f"{request.mail} for {request.email}")
