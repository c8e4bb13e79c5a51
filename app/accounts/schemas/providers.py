"""Signing in with providers, as clients send and see it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.accounts.schemas.users import Token
from app.core.schemas.base import Input, Output, SafeStr


class ProviderOut(Output):
    name: str = Field(description="What it is called in addresses.", examples=["google"])


class AuthorizationOut(Output):
    """How to send somebody to a provider."""

    authorization_url: str = Field(description="Where to go with the browser.")
    flow_token: str = Field(
        description="A secret of this client, to be kept (in `sessionStorage`, say) until the browser is back. "
        "It is good for ten minutes, and never belongs into an address."
    )


class AuthorizationInput(Input):
    """What somebody came back from a provider with."""

    flow_token: Token
    code: Annotated[
        SafeStr, Field(min_length=1, max_length=4096, description="As it is in the address that they came back to.")
    ]
    state: Annotated[SafeStr, Field(min_length=1, max_length=200, description="Likewise.")]


class ProviderSignInInput(AuthorizationInput):
    use_cookie: bool = Field(default=False, description="Put the refresh token into a cookie, where it is enabled.")


class ProviderAccountOut(Output):
    """An account elsewhere that one signs in with."""

    provider: str
    email: str | None = Field(description="The address that it had there when it was linked.")
    created_at: datetime
