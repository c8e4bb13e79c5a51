"""Who may register, with which email addresses, and who may invite others."""

from collections.abc import Iterable
from typing import Literal

from app.accounts.errors import EmailDomainNotAllowed, InvalidInvitation, RegistrationClosed
from app.accounts.policies.actors import Actor, Principal, require_role
from app.core.config import Settings
from app.core.email_addresses import domain_of, is_private
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


def require_allowed_domain(email: str, settings: Settings) -> None:
    """Require a domain at which people may register themselves. Raises `EmailDomainNotAllowed`.

    A listed domain includes its subdomains, and blocked takes precedence.
    """
    require_reachable_domain(email, settings)
    domain, allowed = domain_of(email), settings.allowed_email_domains
    if _is_in(domain, settings.blocked_email_domains) or (allowed and not _is_in(domain, allowed)):
        raise EmailDomainNotAllowed(field="email")


def require_reachable_domain(email: str, settings: Settings) -> None:
    """Require a domain that can be written to from here, whoever creates the account.

    Raises `EmailDomainNotAllowed`.
    """
    if not is_reachable(email, settings):
        raise EmailDomainNotAllowed(field="email")


def is_reachable(email: str, settings: Settings) -> bool:
    """Whether the domain is public, or private ones are taken."""
    return settings.takes_private_email_domains or not is_private(domain_of(email))


def _is_in(domain: str, parents: Iterable[str]) -> bool:
    return any(f".{domain}".endswith(f".{parent}") for parent in parents)


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
