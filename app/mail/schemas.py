"""What operators say about mails."""

from pydantic import BaseModel

from app.core.schemas.base import Email


class Recipient(BaseModel):
    """Whom a mail is for."""

    address: Email
