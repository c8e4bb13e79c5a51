"""Queries for personal access tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from app.accounts.models import PersonalToken, User


def not_expired(now: datetime) -> ColumnElement[bool]:
    return or_(PersonalToken.expires_at.is_(None), PersonalToken.expires_at > now)


def of_digest(digest: str, now: datetime) -> Select[Any]:
    """The active account that a token belongs to, and the token."""
    return (
        select(User, PersonalToken)
        .join(PersonalToken, PersonalToken.user_id == User.id)
        .where(PersonalToken.digest == digest, not_expired(now), User.is_active)
    )


def of_account(user_id: int, now: datetime) -> Select[tuple[PersonalToken]]:
    """An account's tokens that have not expired, newest first."""
    return (
        select(PersonalToken)
        .where(PersonalToken.user_id == user_id, not_expired(now))
        .order_by(PersonalToken.id.desc())
    )
