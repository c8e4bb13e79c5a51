"""Those who have published something, as everybody sees them."""

from app.core.schemas.base import Output


class AuthorSummary(Output):
    """Whom a piece of writing is by, as everybody sees it."""

    username: str
    display_name: str
    avatar_url: str | None


class AuthorOut(AuthorSummary):
    bio: str
    article_count: int
