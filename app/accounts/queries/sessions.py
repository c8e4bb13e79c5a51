"""Queries for login sessions and their tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.accounts.models import LoginSession, RefreshToken, User
from app.core import clock


def of_refresh_token(digest: str) -> Select[Any]:
    """The session that a refresh token was issued for, and its account.

    The session is locked before its tokens are read, in the same order as when a session is ended: otherwise the two
    could deadlock.
    """
    session_id = select(RefreshToken.session_id).where(RefreshToken.digest == digest).scalar_subquery()
    return (
        select(LoginSession, User)
        .join(User, LoginSession.user_id == User.id)
        .where(LoginSession.id == session_id)
        .with_for_update(of=LoginSession)
    )


def of_access_token(user_id: int, session_id: int, version: int) -> Select[Any]:
    """The active account and its session, in one query for every request."""
    return (
        select(User, LoginSession.id, LoginSession.authenticated_at)
        .join(LoginSession, LoginSession.user_id == User.id)
        .where(
            User.id == user_id,
            User.is_active,
            User.token_version == version,
            LoginSession.id == session_id,
            LoginSession.expires_at > clock.now(),
        )
    )


def of_account(user_id: int, now: datetime, idle_since: datetime) -> Select[Any]:
    """An account's sessions that can be continued, the most recently used first."""
    return (
        select(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.expires_at > now, LoginSession.last_used_at > idle_since)
        .order_by(LoginSession.last_used_at.desc(), LoginSession.id.desc())
    )
