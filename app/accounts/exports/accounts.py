"""What is exported of the account itself, of the ways to log in to it, and of its events in the audit log."""

from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.exports.parts import Field, JsonList, field_of_rows
from app.accounts.models import (
    EmailChange,
    Invitation,
    LoginSession,
    Passkey,
    PersonalToken,
    ProviderAccount,
    User,
)
from app.accounts.policies.actors import Principal
from app.accounts.queries import second_factors
from app.accounts.schemas.exports import (
    ExportedEmailChange,
    ExportedEvent,
    ExportedInvitation,
    ExportedPasskey,
    ExportedPersonalToken,
    ExportedProviderAccount,
    ExportedSession,
)
from app.accounts.schemas.users import UserOut
from app.audit.actions import role_for_details
from app.audit.models import AuditEvent


async def _account(_session: AsyncSession, user: User) -> dict[str, Any]:
    return UserOut.model_validate(user).model_dump(mode="json")


async def _has_authenticator_app(session: AsyncSession, user: User) -> bool:
    return await session.scalar(second_factors.confirmed_totp(user.id)) is not None


async def _recovery_codes_left(session: AsyncSession, user: User) -> int:
    return await session.scalar(second_factors.recovery_codes_left(user.id)) or 0


def events_of(owner: Principal, after: int) -> Select[tuple[AuditEvent]]:
    """What the account did, and what was done to it."""
    about = (AuditEvent.subject_type == User.__tablename__) & (AuditEvent.subject_id == owner.id)
    return (
        select(AuditEvent)
        .where(or_(AuditEvent.actor_id == owner.id, about), AuditEvent.id > after)
        .order_by(AuditEvent.id)
    )


def _event(event: AuditEvent, owner: Principal) -> ExportedEvent:
    # Of somebody who was not logged in the place is told: it may be an attempt at the account.
    is_told = event.actor_id in {owner.id, None}
    return ExportedEvent(
        at=event.at,
        action=event.action,
        by_you=event.actor_id == owner.id,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        ip_address=event.ip_address if is_told else None,
        user_agent=event.user_agent if is_told else None,
        details=event.details if owner.role.includes(role_for_details(event.action)) else {},
    )


ACCOUNT = Field("account", "your profile and settings", _account)
AUTHENTICATOR_APP = Field("has_authenticator_app", "whether you use an authenticator app", _has_authenticator_app)
RECOVERY_CODES = Field("recovery_codes_left", "how many recovery codes are left", _recovery_codes_left)
PASSKEYS = field_of_rows("passkeys", "your passkeys", Passkey.user_id, ExportedPasskey)
PROVIDERS = field_of_rows(
    "linked_providers", "the providers you sign in with", ProviderAccount.user_id, ExportedProviderAccount
)
PERSONAL_TOKENS = field_of_rows(
    "personal_tokens", "your personal access tokens", PersonalToken.user_id, ExportedPersonalToken
)
SESSIONS = field_of_rows("sessions", "your sessions", LoginSession.user_id, ExportedSession)
EMAIL_CHANGES = field_of_rows(
    "email_changes", "recent changes of your email address", EmailChange.user_id, ExportedEmailChange
)
INVITATIONS = field_of_rows("invitations", "the invitations you sent", Invitation.invited_by_id, ExportedInvitation)
EVENTS = JsonList(
    "audit.json",
    "what was recorded about what you did and what was done to your account, without details that only editors may see "
    "unless you are one",
    events_of,
    _event,
)
