"""Tokens and sessions as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core.schemas.base import Input, Output, SafeStr


class TokensOut(Output):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str | None = Field(
        description="Can be exchanged once for a new pair of tokens. Null if it is in the cookie."
    )


class RefreshInput(Input):
    refresh_token: Annotated[SafeStr, Field(max_length=2000)] | None = Field(
        default=None, description="Omit if it is in the cookie."
    )


class SessionOut(Output):
    """A session of an account."""

    id: int
    user_agent: str = Field(description="The user agent of the last login or refresh.")
    ip_address: str
    created_at: datetime
    last_used_at: datetime = Field(description="When the session's tokens were last refreshed.")
    expires_at: datetime
    is_current: bool
