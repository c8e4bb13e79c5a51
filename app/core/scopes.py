"""The scopes of personal access tokens."""

from enum import StrEnum

from app.core.roles import Role


class Scope(StrEnum):
    READ = "read"
    COMMENT = "comment"
    WRITE = "write"
    MODERATE = "moderate"
    ADMIN = "admin"


# What is done in a role needs the scope as well as the role.
SCOPE_OF_ROLE = {
    Role.READER: Scope.COMMENT,
    Role.AUTHOR: Scope.WRITE,
    Role.EDITOR: Scope.MODERATE,
    Role.ADMIN: Scope.ADMIN,
}
EVERY_SCOPE = frozenset(Scope)
