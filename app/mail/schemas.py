"""Mails in the outbox, as whoever runs the commands sees them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class OutboxMailOut(BaseModel):
    """A mail without what it says, for that may be a link to somebody's account."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    recipient: str
    subject: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None


class OutboxMailBody(OutboxMailOut):
    """A mail with all that it says."""

    text: str
