"""Queries for mails that have not left yet."""

from sqlalchemy import ColumnElement, and_

from app.mail.outbox import MAIL
from app.queue.models import Job

IS_MAIL = Job.kind == MAIL.name
RECIPIENT = Job.payload["recipient"].as_string()
TEXT = Job.payload["text"].as_string()
# Mails with a link that somebody could get in with. An undo link is for those who are to get their account back.
LETS_IN = and_(TEXT.contains("?token="), ~TEXT.contains("/undo-email-change?token="))


def greets(username: str) -> ColumnElement[bool]:
    """Mails that greet somebody by this username, whatever their recipient."""
    greeting: ColumnElement[bool] = TEXT.startswith(f"Hello {username},", autoescape=True)
    return greeting
