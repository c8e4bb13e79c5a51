"""Public profiles of people who have published something."""

from pydantic import Field

from app.core.schemas.base import Output
from app.core.schemas.pages import Page


class AuthorSummary(Output):
    """The author of an article or comment, as shown publicly."""

    username: str = Field(examples=["anna"])
    display_name: str = Field(examples=["Anna Almeida"])
    avatar_url: str | None = Field(examples=["https://images.example.com/anna.jpg"])


class AuthorOut(AuthorSummary):
    bio: str = Field(examples=["I write about trains."])
    article_count: int = Field(examples=[12])


class AuthorPage(Page[AuthorOut]):
    """A page of authors."""
