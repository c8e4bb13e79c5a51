"""Logins as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core.schemas.base import Input, Output, SafeStr


class TokensOut(Output):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str | None = Field(description="Good for one new pair of tokens; null where it is in the cookie.")


class RefreshInput(Input):
    refresh_token: Annotated[SafeStr, Field(max_length=2000)] | None = Field(
        default=None, description="Left out where it is in the cookie."
    )


class SessionOut(Output):
    """Where somebody is logged in."""

    id: int
    user_agent: str = Field(description="As sent with the last login or refresh.")
    ip_address: str
    created_at: datetime
    last_used_at: datetime = Field(description="When its tokens were last refreshed.")
    expires_at: datetime
    is_current: bool
