"""The building blocks of request and response schemas."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from app.core.email_addresses import MAX_LENGTH as EMAIL_MAX_LENGTH
from app.core.email_addresses import canonical
from app.core.passwords import MAX_LENGTH, MIN_LENGTH, has_valid_length, normalised
from app.core.slugs import SLUG_MAX_LENGTH, SLUG_PATTERN

MAX_ID = 2**63 - 1
# PostgreSQL cannot store NUL, and a lone half of a surrogate pair cannot be encoded at all.
_NO_NUL = r"^[^\x00]*$"
# Controls, line breaks, and marks that turn the direction of the text around them.
_NOT_IN_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
# What shows something: no control, space or mark without a letter, nothing that Unicode wants ignored where it cannot
# be shown, and none of the few symbols that look like nothing (an empty braille cell, a place for an object, a note
# without a head). Of characters that are not assigned yet nobody knows, so that new emoji are welcome.
_SHOWN = r"[^\p{Cc}\p{Cf}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u{2800}\u{fffc}\u{1d159}]"
_LINE = rf"^[^{_NOT_IN_A_LINE}]*{_SHOWN}[^{_NOT_IN_A_LINE}]*$"
_PROSE = rf"^[^\x00]*{_SHOWN}[^\x00]*$"
# In the documentation, because not all languages that clients are generated for know the classes above.
_ABOUT_A_LINE = Field(
    json_schema_extra={"pattern": rf"^[^{_NOT_IN_A_LINE}]*[^\s{_NOT_IN_A_LINE}][^{_NOT_IN_A_LINE}]*$"}
)
_ABOUT_PROSE = Field(json_schema_extra={"pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"})
_DIGITS = re.compile(r"-?[0-9]{1,19}")
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


def _canonical_email(value: str) -> str:
    try:
        return canonical(value)
    except ValueError as error:
        raise ValueError(f"is not a valid email address: {error}") from error


def in_utc(value: datetime) -> datetime:
    """A moment, in UTC. Raises `ValueError` if that is out of range."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is out of range") from error


def _flag_in_text(value: object) -> object:
    words = {"true": True, "false": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


def _number_in_text(value: object) -> object:
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def refuse_numbers(value: object) -> object:
    """A value that says date and time. Raises `ValueError`."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and ":" not in value):
        raise ValueError("must be a date and time")
    return value


_SEEN: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=_SHOWN)])


def _empty_unless_shown(value: str) -> str:
    try:
        return _SEEN.validate_python(value)
    except ValidationError:
        return ""


# A number would count as seconds since 1970. The first and the last day there are can be out of reach once the offset
# is applied.
Timestamp = Annotated[AwareDatetime, AfterValidator(in_utc), BeforeValidator(refuse_numbers)]
# In queries, paths and forms, where everything is text: "true", but not "yes"; "10", but not "1_0" or "+10". Bodies
# have `StrictBool` and `StrictInt` alone.
TextBool = Annotated[StrictBool, BeforeValidator(_flag_in_text)]
# Behind a `StrictInt` and its limits, which the documentation would not mention otherwise.
number_in_text = BeforeValidator(_number_in_text)
SafeStr = Annotated[str, StringConstraints(pattern=_NO_NUL), AfterValidator(_refuse_lone_surrogates)]
# A line of text that shows something, without space around it.
Line = Annotated[
    str,
    StringConstraints(pattern=_LINE),
    AfterValidator(_refuse_lone_surrogates),
    BeforeValidator(_strip),
    _ABOUT_A_LINE,
]
# Text instead of which something else is shown if there is none.
OptionalText = Annotated[SafeStr, AfterValidator(_empty_unless_shown)]
# Text of any number of lines that shows something.
Prose = Annotated[
    str,
    StringConstraints(pattern=_PROSE),
    AfterValidator(_refuse_lone_surrogates),
    BeforeValidator(_strip),
    _ABOUT_PROSE,
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
    str,
    Field(max_length=EMAIL_MAX_LENGTH, examples=["anna@example.com"], json_schema_extra={"format": "email"}),
    BeforeValidator(_refuse_display_name),
    AfterValidator(_canonical_email),
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
