"""Passkeys as clients send and see them."""

from typing import Annotated, Any

from pydantic import Field

from app.accounts.schemas.second_factors import FirstRecoveryCodes, PasskeyOut
from app.accounts.schemas.users import Token
from app.core.schemas.base import Input, Line

PasskeyName = Annotated[Line, Field(max_length=100, description="What its owner calls it.", examples=["My phone"])]
Credential = Annotated[
    dict[str, Any], Field(description="What the browser's `PublicKeyCredential.toJSON()` returns, as it is.")
]


class PasskeyInput(Input):
    name: PasskeyName
    credential: Credential


class PasskeyUpdate(Input):
    name: PasskeyName


class PasskeyAdded(FirstRecoveryCodes):
    passkey: PasskeyOut


class PasskeyOptionsInput(Input):
    pending_token: Token | None = Field(default=None, description="Left out where the passkey is all there is given.")


class PasskeyLoginInput(PasskeyOptionsInput):
    credential: Credential
    use_cookie: bool = Field(default=False, description="Put the refresh token into a cookie, where it is enabled.")
