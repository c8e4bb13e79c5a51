"""Invitations as clients send and see them."""

from datetime import datetime

from pydantic import Field

from app.core.roles import Role
from app.core.schemas.base import Email, Input, Output
from app.core.schemas.pages import Page


class InvitationInput(Input):
    role: Role = Field(default=Role.READER, description="The role of the new account.")
    email: Email | None = Field(
        default=None, description="Where to email the link. Without it, the response contains a token."
    )


class InvitationOut(Output):
    id: int = Field(examples=[3])
    role: Role
    email: str | None = Field(
        examples=["ben@example.com"], description="Where the link was emailed. Erased once the invitation is used."
    )
    invited_by: str = Field(examples=["anna"], description="The username of the person who sent the invitation.")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(examples=[None])
    used_by: str | None = Field(examples=[None], description="The username of the account created with the invitation.")


class InvitationPage(Page[InvitationOut]):
    """A page of invitations."""


class NewInvitation(InvitationOut):
    token: str | None = Field(examples=[None], description="Shown only once, and only if the link was not emailed.")
