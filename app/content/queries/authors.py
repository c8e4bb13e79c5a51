"""Queries for authors: everyone who has published something."""

from functools import cache

from sqlalchemy import bindparam, literal_column, select

from app.accounts.models import User
from app.accounts.queries import users
from app.content.schemas.rows import ProfileRow
from app.db.compiled_selects import CompiledSelect, Row
from app.db.keyset import Order

BY_USERNAME = Order("authors", (User.username,))
# Where it is in a row.
ID = 0
# The public profiles of those who have published something, deleted accounts too. Spelled out, as in the index.
_profiles = select(User.id, User.display_name, User.avatar_url, User.bio, User.article_count, User.username).where(
    User.article_count > literal_column("0")
)
PROFILE = CompiledSelect(_profiles.where(User.username == bindparam("username", type_=User.username.type)))


def profile(row: Row) -> ProfileRow:
    _, display_name, avatar_url, bio, article_count, username = row
    return {
        "username": username,
        "display_name": display_name,
        "avatar_url": avatar_url,
        "bio": bio,
        "article_count": article_count,
    }


@cache
def authors(*, cursor: bool, size: int) -> CompiledSelect:
    """A page of profiles, by username."""
    statement = BY_USERNAME.first(_profiles.where(users.exists), size)
    statement = statement.where(BY_USERNAME.after_bound()) if cursor else statement
    return CompiledSelect(statement)
