"""Queries for the outbox."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.db.keyset import Order
from app.mail.models import OutboxMail

NEWEST = Order("outbox:newest", (OutboxMail.id,), descending=True)
IS_WAITING = OutboxMail.next_attempt_at.is_not(None)
IS_DEAD = OutboxMail.next_attempt_at.is_(None)


def status() -> Select[tuple[int, int, datetime | None]]:
    """How many mails wait, how many are dead letters, and when the next one is due."""
    waiting: Any = func.count().filter(IS_WAITING)
    dead: Any = func.count().filter(IS_DEAD)
    next_due: Any = func.min(OutboxMail.next_attempt_at)
    return select(waiting, dead, next_due).select_from(OutboxMail)
