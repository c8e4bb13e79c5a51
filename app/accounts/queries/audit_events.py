"""Queries for the audit log."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app.accounts.models import User
from app.accounts.schemas.audit_events import AuditFilter
from app.audit.actions import recorded_names
from app.audit.models import AuditEvent
from app.db.keyset import Order

# Ids only grow, and theirs is an index that is there anyway.
NEWEST = Order("audit-events:newest", (AuditEvent.id,), descending=True)
_COLUMNS = {
    "actor_id": AuditEvent.actor_id,
    "subject_type": AuditEvent.subject_type,
    "subject_id": AuditEvent.subject_id,
    "ip_address": AuditEvent.ip_address,
}


def with_usernames() -> Select[Any]:
    """Events, each with the username of its actor."""
    return select(AuditEvent, User.username).outerjoin(User, User.id == AuditEvent.actor_id)


def matching(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    """The conditions that an event has to match."""
    conditions = [column == value for name, column in _COLUMNS.items() if (value := getattr(wanted, name)) is not None]
    if wanted.action is not None:
        conditions.append(AuditEvent.action.in_(recorded_names(wanted.action)))
    if wanted.since is not None:
        conditions.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEvent.at < wanted.until)
    return conditions
