"""Queries for authors: everyone who has published something."""

from functools import cache
from typing import Annotated, TypedDict

from sqlalchemy import bindparam, literal_column

from app.accounts.models import User
from app.accounts.queries import users
from app.cache import keys
from app.content.schemas.authors import AuthorOut
from app.db.compiled_selects import CompiledSelect
from app.db.keyset import Order
from app.db.row_fields import SurrogateKey
from app.db.row_shapes import RowShape


class AuthorRow(TypedDict):
    """The author of an article or comment."""

    username: Annotated[str, User.username, SurrogateKey(keys.author, User.id)]
    display_name: Annotated[str, User.display_name]
    avatar_url: Annotated[str | None, User.avatar_url]


class ProfileRow(AuthorRow):
    bio: Annotated[str, User.bio]
    article_count: Annotated[int, User.article_count]


PROFILE = RowShape(ProfileRow, AuthorOut)
BY_USERNAME = Order("authors", (User.username,))
# The public profiles of those who have published something, deleted accounts too. Spelled out, as in the index.
_profiles = PROFILE.select().where(User.article_count > literal_column("0"))
WITH_USERNAME = CompiledSelect(_profiles.where(User.username == bindparam("username", type_=User.username.type)))


@cache
def authors(*, cursor: bool, size: int) -> CompiledSelect:
    """A page of profiles, by username."""
    statement = BY_USERNAME.added_to(BY_USERNAME.first(_profiles.where(users.exists), size))
    statement = statement.where(BY_USERNAME.after_bound()) if cursor else statement
    return CompiledSelect(statement)
