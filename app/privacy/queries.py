"""Queries for what belongs to an account, ordered by id: a batch starts after the last id of the previous one."""

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload, undefer

from app.accounts.models import RecoveryCode, Totp, User
from app.audit.models import AuditEvent
from app.comments.models import Comment
from app.content.models import Article


def articles(user_id: int, after: int) -> Select[tuple[Article]]:
    """Everything that the account has written, including drafts and deleted articles."""
    return (
        select(Article)
        .where(Article.author_id == user_id, Article.id > after)
        .options(joinedload(Article.category), selectinload(Article.tags), undefer(Article.body_markdown))
        .order_by(Article.id)
    )


def comments(user_id: int, after: int) -> Select[tuple[Comment]]:
    return (
        select(Comment)
        .where(Comment.author_id == user_id, Comment.id > after)
        .options(joinedload(Comment.article))
        .order_by(Comment.id)
    )


def events(user_id: int, after: int) -> Select[tuple[AuditEvent]]:
    """What the account did, and what was done to it."""
    about = (AuditEvent.subject_type == User.__tablename__) & (AuditEvent.subject_id == user_id)
    return (
        select(AuditEvent)
        .where(or_(AuditEvent.actor_id == user_id, about), AuditEvent.id > after)
        .order_by(AuditEvent.id)
    )


def owned(table: Any, user_id: int) -> Select[Any]:
    return select(table).where(table.user_id == user_id).order_by(table.id)


def second_factors(user_id: int) -> Select[tuple[int, int]]:
    """The numbers of confirmed authenticator apps and recovery codes."""
    apps = select(func.count()).select_from(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    codes = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user_id)
    return select(apps.scalar_subquery(), codes.scalar_subquery())
