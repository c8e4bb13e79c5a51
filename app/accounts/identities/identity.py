"""What a provider says about a person, reduced to what is usable here."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from app.accounts.schemas.users import DisplayName
from app.core.schemas.base import Email, SafeStr


@dataclass(frozen=True)
class Identity:
    """A person at a provider.

    `subject` stays the same for as long as the account there exists; everything else may change between logins.
    `email` and `display_name` are valid here, or None. Only a verified email says anything about who someone is.
    """

    provider: str
    subject: str
    email: str | None
    is_email_verified: bool
    display_name: str | None


def _or_none(value: object, validate: ValidatorFunctionWrapHandler) -> Any:
    # Who may not be called this here may still come in.
    try:
        return validate(value)
    except ValidationError:
        return None


def _not_an_email(value: object) -> object:
    # Providers that know no name put the address there, and display names are public.
    return None if isinstance(value, str) and "@" in value else value


Subject = Annotated[SafeStr, Field(min_length=1, max_length=255)]
UsableEmail = Annotated[Email | None, WrapValidator(_or_none)]
UsableName = Annotated[
    DisplayName | None, WrapValidator(lambda value, validate: _or_none(_not_an_email(value), validate))
]
