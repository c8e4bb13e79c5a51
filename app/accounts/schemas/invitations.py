"""Invitations as clients send and see them."""

from datetime import datetime

from pydantic import Field

from app.core.roles import Role
from app.core.schemas.base import Email, Input, Output


class InvitationInput(Input):
    role: Role = Field(default=Role.READER, description="What the new account may do.")
    email: Email | None = Field(default=None, description="Where to mail the link; left out, the answer has a token.")


class InvitationOut(Output):
    id: int
    role: Role
    email: str | None = Field(description="Where the link was mailed to; forgotten once it is used.")
    invited_by: str = Field(description="A username.")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: str | None = Field(description="The username of the account that was opened with it.")


class NewInvitation(InvitationOut):
    token: str | None = Field(description="SurrogateKeys this once, and only where the link was not mailed.")
