"""Second factors as clients send and see them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, model_validator

from app.accounts.schemas.users import Token
from app.core.schemas.base import Input, Output, SafeStr

Code = Annotated[
    SafeStr,
    Field(min_length=1, max_length=20, description="The code shown by the authenticator app.", examples=["123456"]),
]
RecoveryCodeText = Annotated[SafeStr, Field(min_length=1, max_length=100, examples=["abcdef-ghijkl-mnopqr-stuvwx"])]
RecoveryCodeList = Annotated[
    list[Annotated[str, Field(examples=["abcdef-ghijkl-mnopqr-stuvwx"])]],
    Field(description="Keep these in a safe place: each works once, and they are not shown again."),
]


# Not null: the schema says so.
_LEFT_OUT: Any = Field(default_factory=lambda: None)


class TotpOut(Output):
    """The secret of a new authenticator app, until it is confirmed with a code."""

    secret: str = Field(
        examples=["JBSWY3DPEHPK3PXP"], description="The secret in base32, for manual entry into an authenticator app."
    )
    uri: str = Field(
        examples=["otpauth://totp/Colophon:anna?secret=JBSWY3DPEHPK3PXP&issuer=Colophon"],
        description="The same secret as a URI, for an authenticator app on this device.",
    )
    qr_svg: str = Field(
        examples=['<svg xmlns="http://www.w3.org/2000/svg"/>'],
        description="The same URI as a QR code, an `<svg>` element.",
    )


class TotpConfirmation(Input):
    code: Code


class NewRecoveryCodes(Output):
    recovery_codes: RecoveryCodeList


class FirstRecoveryCodes(Output):
    recovery_codes: RecoveryCodeList = Field(
        description="Keep these in a safe place: each works once, and they are not shown again. Empty if the account "
        "already has recovery codes."
    )


class PasskeyOut(Output):
    id: int = Field(examples=[2])
    name: str = Field(examples=["My phone"])
    created_at: datetime
    last_used_at: datetime | None


class SecondFactorsOut(Output):
    """The second factors of an account."""

    totp: bool = Field(description="Whether an authenticator app is set up.")
    recovery_codes: int = Field(examples=[10], description="How many unused recovery codes are left.")
    passkeys: list[PasskeyOut]


class SecondFactorInput(Input):
    """A code from an authenticator app, or a recovery code."""

    model_config = ConfigDict(
        json_schema_extra={
            # Beside properties, generators of clients understand neither `oneOf` nor `anyOf`, and drop the type.
            "if": {"required": ["code"]},
            "then": {"not": {"required": ["recovery_code"]}},
            "else": {"required": ["recovery_code"]},
            "examples": [{"pending_token": "eyJhbGciOiJIUzI1NiJ9.e30.x", "code": "123456"}],
        }
    )

    pending_token: Token
    code: Code = _LEFT_OUT
    recovery_code: RecoveryCodeText = _LEFT_OUT
    use_cookie: StrictBool = Field(default=False, description="Deliver the refresh token as a cookie, if enabled.")

    @model_validator(mode="after")
    def _require_one(self) -> "SecondFactorInput":
        if len(self.model_fields_set & {"code", "recovery_code"}) != 1:
            raise ValueError("must contain either a code or a recovery code")
        return self
