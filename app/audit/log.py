"""The audit log: who did what to what, when and from where."""

from typing import Any, NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.actions import Action, is_declared
from app.audit.models import AuditEvent
from app.core.client import Client
from app.core.logging import request_id


class Account(Protocol):
    """The actor of an event."""

    @property
    def id(self) -> int: ...


class Subject(NamedTuple):
    """What was acted on, for whoever has not loaded it."""

    table: str
    id: int


class AuditLog:
    """Records events for services; they are stored in the same transaction as what they describe, or not at all."""

    def __init__(self, session: AsyncSession, client: Client) -> None:
        self._session = session
        self._client = client

    def record(
        self,
        action: Action,
        *,
        actor: Account | int | None = None,
        subject: object | None = None,
        **details: Any,
    ) -> None:
        """Record an action that its domain has declared. Put neither secrets nor personal data into the details.

        `actor` is an account or its id; `subject` is the object that was acted on, flushed, or a `Subject`.
        """
        if not is_declared(action):
            raise ValueError(f"{action!r} is not declared: that is done in the audit_actions.py of its domain")
        self._session.add(
            AuditEvent(
                action=action.name,
                actor_id=getattr(actor, "id", actor),
                subject_type=subject.table if isinstance(subject, Subject) else getattr(subject, "__tablename__", None),
                subject_id=getattr(subject, "id", None),
                ip_address=self._client.ip_address,
                user_agent=self._client.user_agent,
                request_id=request_id.get(),
                details=details,
            )
        )
