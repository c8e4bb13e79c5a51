"""Passkeys as clients send and see them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, RootModel, StrictBool

from app.accounts.schemas.second_factors import FirstRecoveryCodes, PasskeyOut
from app.accounts.schemas.users import Token
from app.core.schemas.base import Input, Line

PasskeyName = Annotated[
    Line, Field(max_length=100, description="The owner's name for the passkey.", examples=["My phone"])
]
Credential = Annotated[
    dict[str, Any],
    Field(
        description="The unmodified return value of the browser's `PublicKeyCredential.toJSON()`.",
        examples=[{"id": "q83vEg", "rawId": "q83vEg", "type": "public-key", "response": {"clientDataJSON": "e30"}}],
    ),
]


class PasskeyCreationOptions(RootModel[dict[str, Any]]):
    """For `PublicKeyCredential.parseCreationOptionsFromJSON` in the browser."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"challenge": "q83vEg", "rp": {"name": "Colophon"}}]})


class PasskeyRequestOptions(RootModel[dict[str, Any]]):
    """For `PublicKeyCredential.parseRequestOptionsFromJSON` in the browser."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"challenge": "q83vEg", "rpId": "blog.example.com"}]})


class PasskeyInput(Input):
    name: PasskeyName
    credential: Credential


class PasskeyUpdate(Input):
    name: PasskeyName


class PasskeyAdded(FirstRecoveryCodes):
    passkey: PasskeyOut


class PasskeyOptionsInput(Input):
    pending_token: Token | None = Field(default=None, description="Omit to log in with the passkey alone.")


class PasskeyLoginInput(PasskeyOptionsInput):
    credential: Credential
    use_cookie: StrictBool = Field(default=False, description="Deliver the refresh token as a cookie, if enabled.")
