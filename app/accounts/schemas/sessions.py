"""Tokens and sessions as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core.schemas.base import Input, Output, SafeStr


class TokensOut(Output):
    access_token: str = Field(examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"])
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(examples=[900], description="Seconds until the access token expires.")
    refresh_token: str | None = Field(
        examples=["clr_Q2hhcnRlcg"],
        description="Can be exchanged once for a new pair of tokens. Null if it is in the cookie.",
    )


class RefreshInput(Input):
    refresh_token: Annotated[SafeStr, Field(max_length=2000, examples=["clr_Q2hhcnRlcg"])] | None = Field(
        default=None, description="Omit if it is in the cookie."
    )


class SessionOut(Output):
    """A session of an account."""

    id: int = Field(examples=[9])
    user_agent: str = Field(examples=["Mozilla/5.0"], description="The user agent of the last login or refresh.")
    ip_address: str = Field(examples=["203.0.113.7"])
    created_at: datetime
    last_used_at: datetime = Field(description="When the session's tokens were last refreshed.")
    expires_at: datetime
    is_current: bool = Field(examples=[True])
