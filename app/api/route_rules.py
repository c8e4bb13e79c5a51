"""What a route says about itself to the middlewares, in decorators of its function.

What can be read off the function is not said again: which query a route reads, whether it takes a body, and what its
dependencies do. A larger bound of the body is FastAPI's own `max_body_size`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

# Why a request cannot be repeated with an `Idempotency-Key`.
HOLDS_SECRET = "the response may hold a secret, which is not stored."
NEEDS_NO_ACCOUNT = "a key belongs to an account, and this request needs none."
CREATES_NOTHING = "this creates nothing, and sending it again does no more."

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "route_rules"


@dataclass(frozen=True)
class RouteRules:
    """The rules of one route. Of those that only read, one of `is_public` and `is_private` is to be true."""

    # Everybody gets the same, so that the response may be cached.
    is_public: bool = False
    # Served without FastAPI's routing and dependencies.
    is_fast: bool = False
    # Not cached, whoever asks.
    is_private: bool = False
    # Asked for every few seconds by machines, which know the server by its address only.
    is_for_monitoring: bool = False
    # Instead of the one under which nothing can execute.
    content_security_policy: bytes | None = None
    # Why an `Idempotency-Key` is refused.
    no_idempotency_key: str | None = None


def rules_of(endpoint: object) -> RouteRules:
    """The rules of the route with this function."""
    rules: RouteRules = getattr(endpoint, _ATTRIBUTE, RouteRules())
    return rules


def public(endpoint: F) -> F:
    """What anonymous readers get here is everybody's: it is cached, by path and the query that the route reads.

    It is also a fast read: the function is called without FastAPI, so it returns a `Response`, and takes nothing but
    the request, services, the actor, parameters of the path and one model of the query.
    """
    return _with(endpoint, is_public=True, is_fast=True)


def public_through_fastapi(endpoint: F) -> F:
    """As `public`, for a route that needs more than a fast read can give it."""
    return _with(endpoint, is_public=True)


def private(endpoint: F) -> F:
    """What is read here is never cached. Needless where a dependency requires an account."""
    return _with(endpoint, is_private=True)


def for_monitoring(endpoint: F) -> F:
    """Machines ask for this: by any host name, and hardly visible in the log."""
    return _with(endpoint, is_private=True, is_for_monitoring=True)


def under_policy(content_security_policy: str) -> Callable[[F], F]:
    """Responses have this Content-Security-Policy, unless they set another."""
    return lambda endpoint: _with(endpoint, content_security_policy=content_security_policy.encode())


def no_idempotency_key(reason: str) -> Callable[[F], F]:
    """What is posted here cannot be repeated with an `Idempotency-Key`, for a reason that clients are told."""
    return lambda endpoint: _with(endpoint, no_idempotency_key=reason)


def _with(endpoint: F, **changes: Any) -> F:
    setattr(endpoint, _ATTRIBUTE, replace(rules_of(endpoint), **changes))
    return endpoint
