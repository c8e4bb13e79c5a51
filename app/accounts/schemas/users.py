"""Accounts as clients send and see them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field, StrictBool, StrictInt

from app.core.roles import Role
from app.core.schemas.base import (
    CurrentPassword,
    Email,
    Input,
    Line,
    Output,
    Password,
    SafeStr,
    TextBool,
    Username,
    WebUrl,
    number_in_text,
    unchanged,
)
from app.core.schemas.pages import CountedPage

DisplayName = Annotated[Line, Field(max_length=100, examples=["Anna Almeida"])]
AvatarUrl = Annotated[WebUrl, Field(examples=["https://images.example.com/anna.jpg"])]
Bio = Annotated[SafeStr, Field(max_length=2000, examples=["I write about trains."])]
Token = Annotated[SafeStr, Field(max_length=2000, examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"])]


class RegisterInput(Input):
    email: Email
    username: Username
    password: Password
    display_name: DisplayName | None = Field(default=None, description="Defaults to the username.")
    invitation: Annotated[SafeStr, Field(max_length=200)] | None = Field(
        default=None, examples=[None], description="The token of an invitation, which determines the account's role."
    )


class LoginForm(Input):
    """The OAuth2 password form, or the same as JSON. Other fields that the standard allows are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")

    username: Annotated[
        SafeStr,
        Field(
            min_length=1,
            max_length=320,
            # As clients that send JSON often call it.
            validation_alias=AliasChoices("username", "email"),
            description="Email address or username. `email` is accepted as its name too.",
            examples=["anna@example.com"],
        ),
    ]
    password: CurrentPassword
    grant_type: Literal["password"] = "password"
    use_cookie: TextBool = Field(default=False, description="Deliver the refresh token as a cookie, if enabled.")


class EmailInput(Input):
    email: Email


class VerifyInput(Input):
    token: Token


class ResetPasswordInput(Input):
    token: Token
    password: Password


class ReauthenticationInput(Input):
    current_password: CurrentPassword | None = Field(
        default=None, description="May be omitted after a recent login if the account has no password."
    )


class ChangePasswordInput(ReauthenticationInput):
    new_password: Password = Field(examples=["five quiet herons"])


class ProfileUpdate(Input):
    """What users may change about their own account. Omitted fields stay unchanged."""

    username: Username = unchanged()
    display_name: DisplayName = unchanged()
    bio: Bio = unchanged()
    avatar_url: AvatarUrl | None = unchanged()


class UserUpdate(ProfileUpdate):
    """What an admin may change about an account. Omitted fields stay unchanged."""

    email: Email = unchanged()
    role: Role = unchanged()
    is_active: Annotated[StrictBool, Field(examples=[True])] = unchanged()
    is_verified: Annotated[StrictBool, Field(examples=[True])] = unchanged()


class EmailChangeInput(EmailInput, ReauthenticationInput):
    pass


class UserOut(Output):
    """An account as its owner and admins see it."""

    id: int = Field(examples=[5])
    email: str | None = Field(
        examples=["anna@example.com"], description="Null until an email address has been confirmed."
    )
    pending_email: str | None = Field(examples=[None], description="The email address that has yet to be confirmed.")
    username: str = Field(examples=["anna"])
    display_name: str = Field(examples=["Anna Almeida"])
    bio: str = Field(examples=["I write about trains."])
    avatar_url: str | None = Field(examples=["https://images.example.com/anna.jpg"])
    role: Role
    is_active: bool = Field(examples=[True])
    is_verified: bool = Field(examples=[True])
    has_second_factor: bool
    created_at: datetime
    updated_at: datetime


class UserPage(CountedPage[UserOut]):
    """A page of accounts."""


class UserListQuery(Input):
    role: Role | None = None
    is_active: TextBool | None = None
    q: Annotated[SafeStr, Field(max_length=100)] | None = Field(
        default=None, description="Part of the email address, username or display name."
    )
    limit: Annotated[StrictInt, Field(ge=1, le=100), number_in_text] = 20
    skip: Annotated[StrictInt, Field(ge=0, le=1_000_000), number_in_text] = 0
