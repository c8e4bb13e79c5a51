"""Queries for invitations."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import aliased

from app.accounts.models import Invitation, User
from app.accounts.policies.actors import Principal
from app.accounts.policies.registration import inviters_of, sees_all_invitations
from app.accounts.queries import users
from app.core.roles import Role
from app.db.keyset import Order

NEWEST = Order("invitations", (Invitation.id,), descending=True)
_Invited = aliased(User)


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """The invitations that the principal can see: their own, and for admins everyone's."""
    return true() if sees_all_invitations(principal) else Invitation.invited_by_id == principal.id


def with_names() -> Select[Any]:
    """Invitations, each with the usernames of the inviter and of the account opened with it."""
    return (
        select(Invitation, User.username, _Invited.username)
        .join(User, User.id == Invitation.invited_by_id)
        .outerjoin(_Invited, _Invited.id == Invitation.used_by_id)
    )


def is_good(now: datetime) -> ColumnElement[bool]:
    """Whether an account can be opened with it; it is void if its inviter could no longer invite."""
    may_still_invite = or_(*(and_(Invitation.role == role, users.acts_as(*inviters_of(role))) for role in Role))
    inviter = select(User.id).where(User.id == Invitation.invited_by_id, may_still_invite)
    return and_(Invitation.used_at.is_(None), Invitation.expires_at > now, inviter.correlate(Invitation).exists())
