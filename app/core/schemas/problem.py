"""The shape of every error (RFC 9457)."""

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    """What is wrong with one input."""

    field: str = Field(description="Where in the input, as a dotted path.", examples=["title"])
    detail: str


class SecondFactorChallenge(BaseModel):
    """What is missing from a login whose password was right."""

    pending_token: str = Field(description="Stands for the password while the second factor is given.")
    methods: list[str] = Field(description="Which second factors the account has.", examples=[["totp", "passkey"]])


class Problem(BaseModel):
    """An error as `application/problem+json`."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The HTTP status in words.")
    status: int
    detail: str = Field(description="What went wrong, for a person.")
    code: str = Field(description="What went wrong, for a program; never changes.", examples=["article_not_found"])
    instance: str = Field(description="The request's id, to quote when asking for help.")
    errors: list[FieldProblem] = Field(default_factory=list)
    second_factor: SecondFactorChallenge | None = Field(
        default=None, description="With the code `second_factor_required` only."
    )
