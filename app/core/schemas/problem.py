"""The shape of every error (RFC 9457)."""

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    """What is wrong with one field of the input."""

    field: str = Field(description="The dotted path of the field.", examples=["title"])
    detail: str


class SecondFactorChallenge(BaseModel):
    """What a login with the correct password still needs."""

    pending_token: str = Field(description="Proves that the password was correct while the second factor is given.")
    methods: list[str] = Field(description="The second factors of the account.", examples=[["totp", "passkey"]])


class Problem(BaseModel):
    """An error as `application/problem+json`."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The name of the HTTP status.")
    status: int
    detail: str = Field(description="A human-readable explanation.")
    code: str = Field(description="A machine-readable error code that never changes.", examples=["article_not_found"])
    instance: str = Field(description="The ID of the request. Quote it when asking for help.")
    errors: list[FieldProblem] = Field(default_factory=list)
    second_factor: SecondFactorChallenge | None = Field(
        default=None, description="Only present with the code `second_factor_required`."
    )
