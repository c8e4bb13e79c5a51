"""Requirements on the actor. Each function returns the principal, or raises the error for a 401 or 403."""

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
    """The session of a login, and when its owner last authenticated."""

    session_id: int
    authenticated_at: datetime


@dataclass(frozen=True)
class Principal:
    """An account and what its request may do: everything the account may, or the scopes of a personal access token."""

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
        """What the account acts as; every rule about roles asks this one."""
        return self.account.effective_role


def lacks_second_factor(account: User, required_of: Collection[Role]) -> bool:
    """Whether the role in which the account acts needs a second factor that is not set up."""
    return account.effective_role in required_of and not account.has_second_factor


# Whoever sends the request: someone logged in, or anonymous (None).
Actor = Principal | None


def require_account(actor: Actor) -> Principal:
    """Require an authenticated actor. Raises `Unauthenticated`."""
    if actor is None:
        raise Unauthenticated
    return actor


def require_verified(actor: Actor, scope: Scope = Scope.COMMENT) -> Principal:
    """Require an actor that may write at all.

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
    """Require that the account's email is confirmed. Raises `EmailNotVerified`.

    Someone who registers with another person's address must not set up ways to log in that outlast the takeover by
    its owner.
    """
    if not principal.account.is_verified:
        raise EmailNotVerified


def require_role(actor: Actor, role: Role) -> Principal:
    """Require a verified actor with this role or a higher one. Also raises `Forbidden`."""
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
