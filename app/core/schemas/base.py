"""The building blocks of request and response schemas."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
)

from app.core.passwords import MAX_LENGTH, MIN_LENGTH, has_valid_length, normalised
from app.core.slugs import SLUG_MAX_LENGTH, SLUG_PATTERN

MAX_ID = 2**63 - 1
# PostgreSQL cannot store NUL, and a lone half of a surrogate pair cannot be encoded at all.
_NO_NUL = r"^[^\x00]*$"
# Controls, line breaks, and marks that turn the direction of the text around them.
_NOT_IN_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
# Spaces of all kinds, and characters that take up no room.
_INVISIBLE = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e"
    r"\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
)
_LINE = rf"^[^{_NOT_IN_A_LINE}]*[^{_INVISIBLE}][^{_NOT_IN_A_LINE}]*$"
_PROSE = rf"^[^\x00]*[^{_INVISIBLE}][^\x00]*$"
USERNAME_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$"


class Input(BaseModel):
    """What a client sends. Unknown fields are rejected rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """What a client gets, read from a model."""

    # Fields with a default are there too, so that clients need not ask whether they are.
    model_config = ConfigDict(from_attributes=True, json_schema_serialization_defaults_required=True)


class Accepted(Output):
    """The request was accepted. Whether it had any effect is not disclosed."""


def unchanged(description: str | None = None) -> Any:
    """The default of a field of an update: if omitted, it stays unchanged. Only fields that were sent are applied."""
    return Field(default_factory=lambda: None, description=description)


def _refuse_lone_surrogates(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must not contain an unpaired surrogate") from error
    return value


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _refuse_display_name(value: object) -> object:
    if isinstance(value, str) and "<" in value:
        raise ValueError("must be an email address without a display name")
    return value


def _refuse_overlong(value: str) -> str:
    # Passwords were once counted as they were typed.
    if min(len(value), len(normalised(value))) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    return value


def _refuse_wrong_length(value: str) -> str:
    if not has_valid_length(value):
        raise ValueError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def _refuse_numbers(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and ":" not in value):
        raise ValueError("must be a date and time")
    return value


# A number would count as seconds since 1970. The first and the last day there are can be out of reach once the offset
# is applied.
Timestamp = Annotated[AwareDatetime, AfterValidator(_in_utc), BeforeValidator(_refuse_numbers)]
SafeStr = Annotated[str, StringConstraints(pattern=_NO_NUL), AfterValidator(_refuse_lone_surrogates)]
# A line of text that shows something, without space around it.
Line = Annotated[
    str, StringConstraints(pattern=_LINE), AfterValidator(_refuse_lone_surrogates), BeforeValidator(_strip)
]
# Text of any number of lines that shows something.
Prose = Annotated[
    str, StringConstraints(pattern=_PROSE), AfterValidator(_refuse_lone_surrogates), BeforeValidator(_strip)
]
Slug = Annotated[
    str, StringConstraints(pattern=SLUG_PATTERN, max_length=SLUG_MAX_LENGTH), Field(examples=["a-week-in-lisbon"])
]
LanguageTag = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35),
    Field(description="A BCP 47 language tag.", examples=["en", "pt-BR"]),
]
WebUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[A-Za-z0-9][^\s<>\"\x00-\x20]*$", max_length=2000),
    AfterValidator(_refuse_lone_surrogates),
    Field(examples=["https://images.example.com/lisbon.jpg"]),
]
Email = Annotated[
    EmailStr,
    BeforeValidator(_refuse_display_name),
    AfterValidator(str.lower),
    Field(max_length=254, examples=["anna@example.com"]),
]
Username = Annotated[
    str,
    StringConstraints(pattern=USERNAME_PATTERN, min_length=3, max_length=40),
    AfterValidator(str.lower),
    Field(examples=["anna"]),
]
# As it was typed: in the form in which its characters are counted there may be a quarter of them.
_TYPED = Field(min_length=1, max_length=4 * MAX_LENGTH, examples=["seven patient otters"])
_MASKED = Field(json_schema_extra={"format": "password"})
CurrentPassword = Annotated[SafeStr, _TYPED, _MASKED, AfterValidator(_refuse_overlong)]
Password = Annotated[
    SafeStr,
    _TYPED,
    _MASKED,
    Field(description=f"{MIN_LENGTH} to {MAX_LENGTH} characters, in Unicode's normalisation form KC."),
    AfterValidator(_refuse_wrong_length),
]
