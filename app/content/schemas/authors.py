"""Public profiles of people who have published something."""

from app.core.schemas.base import Output
from app.core.schemas.pages import Page


class AuthorSummary(Output):
    """The author of an article or comment, as shown publicly."""

    username: str
    display_name: str
    avatar_url: str | None


class AuthorOut(AuthorSummary):
    bio: str
    article_count: int


class AuthorPage(Page[AuthorOut]):
    """A page of authors."""
