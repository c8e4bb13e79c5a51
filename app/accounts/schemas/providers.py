"""Signing in with providers, as clients send and see it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool

from app.accounts.schemas.users import Token
from app.core.schemas.base import Input, Output, SafeStr


class ProviderOut(Output):
    name: str = Field(description="The provider's name in URLs.", examples=["google"])


class AuthorizationOut(Output):
    """What a client needs to send a user to a provider."""

    authorization_url: str = Field(
        examples=["https://accounts.example.com/authorize?client_id=blog&state=q83vEg"],
        description="Where to send the browser.",
    )
    flow_token: str = Field(
        examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"],
        description="A secret of this client, to be kept (for example in `sessionStorage`) until the browser returns. "
        "It is valid for ten minutes and must never appear in a URL.",
    )


class AuthorizationInput(Input):
    """What a user brings back from a provider."""

    flow_token: Token
    code: Annotated[
        SafeStr,
        Field(
            min_length=1,
            max_length=4096,
            examples=["4/P7q7W91"],
            description="The `code` query parameter of the URL that the browser returned to.",
        ),
    ]
    state: Annotated[
        SafeStr,
        Field(
            min_length=1,
            max_length=200,
            examples=["q83vEg"],
            description="The `state` query parameter of the same URL.",
        ),
    ]


class ProviderSignInInput(AuthorizationInput):
    use_cookie: StrictBool = Field(default=False, description="Deliver the refresh token as a cookie, if enabled.")


class ProviderAccountOut(Output):
    """A provider account that is linked for signing in."""

    provider: str = Field(examples=["google"])
    email: str | None = Field(
        examples=["anna@example.com"], description="The provider account's email address when it was linked."
    )
    created_at: datetime
