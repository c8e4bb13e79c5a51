"""Who may register, with which email addresses, and who may invite others."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Literal

from email_validator import EmailNotValidError, validate_email

from app.accounts.errors import EmailDomainNotAllowed, InvalidInvitation, RegistrationClosed
from app.accounts.policies.actors import Actor, Principal, require_role
from app.core.roles import Role
from app.core.scopes import Scope

RegistrationMode = Literal["open", "invitation", "closed"]


def require_open_registration(mode: RegistrationMode, invitation: str | None) -> None:
    """Require that registration is possible.

    Raises `RegistrationClosed`, or `InvalidInvitation` if an invitation is required but missing.
    """
    if mode == "closed":
        raise RegistrationClosed
    if mode == "invitation" and invitation is None:
        raise InvalidInvitation(field="invitation")


def require_allowed_domain(email: str, allowed: Collection[str], blocked: Collection[str]) -> None:
    """Require an accepted email domain. A listed domain includes its subdomains, and blocked takes precedence.

    Raises `EmailDomainNotAllowed`.
    """
    domain = email.rpartition("@")[2].lower()
    if _is_in(domain, blocked) or (allowed and not _is_in(domain, allowed)):
        raise EmailDomainNotAllowed(field="email")


def _is_in(domain: str, parents: Iterable[str]) -> bool:
    return any(f".{domain}".endswith(f".{_as_in_emails(parent)}") for parent in parents)


@lru_cache
def _as_in_emails(domain: str) -> str:
    """The domain as it appears in validated addresses: `münchen.de` for `xn--mnchen-3ya.de`."""
    domain = domain.lstrip("*.").rstrip(".")
    try:
        return validate_email(f"somebody@{domain}", check_deliverability=False).domain.lower()
    except EmailNotValidError:
        return domain


def require_inviting(actor: Actor, role: Role) -> Principal:
    """Editors may invite readers and authors; only admins may invite to higher roles.

    Raises `Forbidden`, `InsufficientScope` or what `require_verified` raises.
    """
    return require_role(actor, _inviting_role(role))


def inviters_of(role: Role) -> list[Role]:
    """The roles that may invite someone to this role."""
    return [inviter for inviter in Role if inviter.includes(_inviting_role(role))]


def _inviting_role(role: Role) -> Role:
    return Role.ADMIN if role.includes(Role.EDITOR) else Role.EDITOR


def sees_all_invitations(principal: Principal) -> bool:
    """Admins see all invitations, others only their own."""
    return principal.role is Role.ADMIN and Scope.ADMIN in principal.scopes
