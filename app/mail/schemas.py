"""Emails in the outbox, as the commands show them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class OutboxMailOut(BaseModel):
    """An email without its body, which may contain a link that gives access to an account."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    recipient: str
    subject: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    last_error: str | None


class OutboxMailBody(OutboxMailOut):
    """An email with its body."""

    text: str
