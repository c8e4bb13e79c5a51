"""Who somebody has to be. Each function returns the principal, or raises 401's or 403's error."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from app.accounts.errors import EmailNotVerified, InsufficientScope, SecondFactorMissing
from app.accounts.models import PersonalToken, User
from app.core.errors import Forbidden, Unauthenticated
from app.core.roles import Role
from app.core.scopes import EVERY_SCOPE, SCOPE_OF_ROLE, Scope


@dataclass(frozen=True)
class LoggedIn:
    """The session of a login, and when its owner last proved who they are."""

    session_id: int
    authenticated_at: datetime


@dataclass(frozen=True)
class Principal:
    """An account, with what its request may do: all that the account may, or what a personal access token is for."""

    account: User
    login: LoggedIn | None = None
    scopes: frozenset[Scope] = EVERY_SCOPE
    lacks_second_factor: bool = False
    # What a script has shown instead of a login.
    token: PersonalToken | None = None

    @property
    def id(self) -> int:
        return self.account.id

    @property
    def role(self) -> Role:
        return self.account.role


def lacks_second_factor(account: User, required_of: Collection[Role]) -> bool:
    """Whether the account's role needs a second factor that is not set up."""
    return account.role in required_of and not account.has_second_factor


# Whoever asks: somebody, or a stranger.
Actor = Principal | None


def require_account(actor: Actor) -> Principal:
    """Anybody who is logged in. Raises `Unauthenticated`."""
    if actor is None:
        raise Unauthenticated
    return actor


def require_verified(actor: Actor, scope: Scope = Scope.COMMENT) -> Principal:
    """Somebody who may write at all.

    Raises `Unauthenticated`, `EmailNotVerified`, `InsufficientScope` or `SecondFactorMissing`.
    """
    principal = require_account(actor)
    if not principal.account.is_verified:
        raise EmailNotVerified
    if scope not in principal.scopes:
        raise InsufficientScope
    if principal.lacks_second_factor:
        raise SecondFactorMissing
    return principal


def require_confirmed_email(principal: Principal) -> None:
    """Somebody to whom the account really belongs. Raises `EmailNotVerified`.

    Whoever registers with another's address must not prepare ways in that are still there when its owner takes over.
    """
    if not principal.account.is_verified:
        raise EmailNotVerified


def require_role(actor: Actor, role: Role) -> Principal:
    """Somebody verified who has this role or a higher one. Raises `Forbidden` besides."""
    principal = require_verified(actor, SCOPE_OF_ROLE[role])
    if not principal.role.includes(role):
        raise Forbidden
    return principal


def is_editor(actor: Actor) -> bool:
    """Whether the actor edits and moderates what others write."""
    return (
        actor is not None
        and actor.role.includes(Role.EDITOR)
        and Scope.MODERATE in actor.scopes
        and not actor.lacks_second_factor
    )
