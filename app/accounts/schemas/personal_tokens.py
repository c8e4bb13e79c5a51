"""Personal access tokens as clients send and see them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictInt

from app.accounts.schemas.users import ReauthenticationInput
from app.core.schemas.base import Line, Output
from app.core.scopes import Scope


class PersonalTokenInput(ReauthenticationInput):
    name: Annotated[Line, Field(max_length=100, description="What the token is for.", examples=["Nightly import"])]
    scopes: Annotated[
        list[Scope],
        Field(
            min_length=1,
            max_length=len(Scope),
            description="What the token may be used for, within the limits of its owner's role.",
        ),
    ]
    expires_in_days: Annotated[StrictInt, Field(ge=1, le=366)] | None = Field(
        default=90, description="Null for a token that never expires."
    )


class PersonalTokenOut(Output):
    """A personal access token, without the token itself."""

    id: int = Field(examples=[4])
    name: str = Field(examples=["Nightly import"])
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="Accurate to ten minutes; rejected requests don't count.")


class NewPersonalToken(PersonalTokenOut):
    token: str = Field(examples=["clp_Q2hhcnRlcg"], description="Shown only once.")
