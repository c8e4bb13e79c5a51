"""Reading the audit log."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from app.accounts.errors import UnknownAuditAction
from app.accounts.policies.actors import Actor, require_role
from app.accounts.queries import audit_events
from app.accounts.schemas.audit_events import AuditActor, AuditEventOut, AuditFilter, AuditQuery
from app.audit.actions import recorded_names
from app.audit.models import AuditEvent
from app.core.roles import Role
from app.db.paging import PageResult, fetch_page
from app.unit_of_work import UnitOfWork


class AuditTrail:
    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    async def list(self, actor: Actor, query: AuditQuery) -> PageResult[AuditEventOut]:
        """A page of events, newest first, for admins. Raises `UnknownAuditAction` or `InvalidCursor`."""
        require_role(actor, Role.ADMIN)
        statement = _matching(query)
        rows = await fetch_page(self._unit.session, statement, audit_events.NEWEST, query)
        return PageResult([_to_schema(event, username) for event, username, *_ in rows.items], rows.next_cursor)

    async def newest(self, wanted: AuditFilter, limit: int) -> Sequence[AuditEventOut]:
        """The newest events, newest first, for the command line. Raises `UnknownAuditAction`."""
        rows = await self._unit.session.execute(audit_events.NEWEST.sort(_matching(wanted)).limit(limit))
        return [_to_schema(event, username) for event, username in rows]


def _matching(wanted: AuditFilter) -> Select[Any]:
    if wanted.action is not None and not recorded_names(wanted.action):
        # No event would ever match: whoever looks for failed logins is not to be told that there were none.
        raise UnknownAuditAction(field="action")
    return audit_events.with_usernames().where(*audit_events.matching(wanted))


def _to_schema(event: AuditEvent, username: str | None) -> AuditEventOut:
    return AuditEventOut(
        id=event.id,
        at=event.at,
        action=event.action,
        actor=None if event.actor_id is None else AuditActor(id=event.actor_id, username=username),
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        ip_address=event.ip_address,
        user_agent=event.user_agent,
        request_id=event.request_id,
        details=event.details,
    )
