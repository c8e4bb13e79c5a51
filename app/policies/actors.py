"""Who somebody has to be. Each function returns the account, or raises 401's or 403's error."""

from app.core.errors import EmailNotVerified, Forbidden, Unauthenticated
from app.core.roles import Role
from app.db.models import User

# Whoever asks: an account, or a stranger.
Actor = User | None


def require_account(actor: Actor) -> User:
    """Anybody who is logged in. Raises `Unauthenticated`."""
    if actor is None:
        raise Unauthenticated
    return actor


def require_verified(actor: Actor) -> User:
    """Somebody who may write at all. Raises `Unauthenticated` or `EmailNotVerified`."""
    account = require_account(actor)
    if not account.is_verified:
        raise EmailNotVerified
    return account


def require_role(actor: Actor, role: Role) -> User:
    """Somebody verified who has this role or a higher one. Raises `Forbidden` besides."""
    account = require_verified(actor)
    if not account.role.includes(role):
        raise Forbidden
    return account


def is_editor(actor: Actor) -> bool:
    """Whether the actor edits and moderates what others write."""
    return actor is not None and actor.role.includes(Role.EDITOR)
