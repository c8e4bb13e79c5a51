"""What an export contains about accounts. Anything not listed here is not exported."""

from datetime import datetime
from typing import Any

from app.core.roles import Role
from app.core.schemas.base import Output


class ExportedSession(Output):
    user_agent: str
    ip_address: str
    created_at: datetime
    authenticated_at: datetime
    last_used_at: datetime
    expires_at: datetime


class ExportedPersonalToken(Output):
    name: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class ExportedPasskey(Output):
    name: str
    created_at: datetime
    last_used_at: datetime | None


class ExportedProviderAccount(Output):
    provider: str
    subject: str
    email: str | None
    created_at: datetime


class ExportedInvitation(Output):
    """The recipient is left out, for their privacy."""

    role: Role
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class ExportedEmailChange(Output):
    old_email: str
    new_email: str
    requested_at: datetime


class ExportedEvent(Output):
    """An entry of the audit log. The identity and whereabouts of other people are left out."""

    at: datetime
    action: str
    by_you: bool
    subject_type: str | None
    subject_id: int | None
    ip_address: str | None
    user_agent: str | None
    details: dict[str, Any]
