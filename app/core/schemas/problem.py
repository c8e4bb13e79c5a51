"""The shape of every error (RFC 9457)."""

from pydantic import BaseModel, Field

# What a client sent comes back in names and details: an error must not be longer than what caused it.
MAX_ERRORS = 20
MAX_NAME_LENGTH = 100
MAX_DETAIL_LENGTH = 300


class FieldProblem(BaseModel):
    """What is wrong with one field of the input."""

    field: str = Field(
        max_length=MAX_NAME_LENGTH, description="The dotted path of the field, cut if it is long.", examples=["slug"]
    )
    detail: str = Field(max_length=MAX_DETAIL_LENGTH, examples=["This slug is already taken."])


class SecondFactorChallenge(BaseModel):
    """What a login with the correct password still needs."""

    pending_token: str = Field(
        examples=["eyJhbGciOiJIUzI1NiJ9.e30.x"],
        description="Proves that the password was correct while the second factor is given.",
    )
    methods: list[str] = Field(description="The second factors of the account.", examples=[["totp", "passkey"]])


class Problem(BaseModel):
    """An error as `application/problem+json`."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Conflict"], description="The name of the HTTP status.")
    status: int = Field(examples=[409])
    detail: str = Field(
        max_length=MAX_DETAIL_LENGTH,
        examples=["This slug is already taken."],
        description="A human-readable explanation.",
    )
    code: str = Field(description="A machine-readable error code that never changes.", examples=["slug_taken"])
    instance: str = Field(
        examples=["0f5d6f0c8d0a4c8a8a8f3f0f5b0f5d6f"],
        description="The ID of the request. Quote it when asking for help.",
    )
    errors: list[FieldProblem] = Field(
        default_factory=list,
        max_length=MAX_ERRORS,
        description="Which fields are wrong; of many, the first.",
    )
    second_factor: SecondFactorChallenge | None = Field(
        default=None, description="Only present with the code `second_factor_required`."
    )
    slug: str | None = Field(
        default=None, examples=["a-better-title"], description="The present slug. Only present with the code `moved`."
    )
    location: str | None = Field(
        default=None,
        examples=["/articles/a-better-title"],
        description="Where it is now, as in the header `Location`. Only present with the code `moved`.",
    )
