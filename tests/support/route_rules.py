"""What every route has to declare, and what to write if it did not."""

from collections.abc import Iterator

from app.api.body_last import BodyLastRoute
from app.api.deps import RateLimited, RateLimitedByAccount, get_account, get_actor, takes_key
from app.api.idempotency import REPEATED_METHODS
from app.api.middleware.body_limit import MAX_BODY_BYTES
from app.api.raising import errors_raised_by
from app.api.route_table import Route, RouteTable
from app.core.errors import Unauthenticated

_SAFE = {"GET", "HEAD", "OPTIONS"}


def objections(table: RouteTable) -> list[str]:
    """A sentence for each thing that a route forgot to declare."""
    return [f"{_named(route)} {objection}" for route in table.routes for objection in _objections(route)]


def _objections(route: Route) -> Iterator[str]:
    yield from _about_limits(route)
    yield from _about_readers(route)
    yield from _about_bodies(route)
    yield from _about_retries(route)


def _about_limits(route: Route) -> Iterator[str]:
    if route.methods - _SAFE and not _is_limited(route):
        yield (
            "writes without a rate limit: add `limited` or `limited_by_account` to its `dependencies`, with a limit "
            "from the `limits.py` of its domain."
        )


def _about_readers(route: Route) -> Iterator[str]:
    rules = route.rules
    if route.methods <= _SAFE and not (rules.is_public or rules.is_private or _asks_for_an_account(route)):
        yield (
            "says neither that it is everybody's nor that it is not: decorate its function with `@public` or "
            "`@private`, or let a dependency require an account."
        )
    if not rules.is_public:
        return
    if rules.is_private or _asks_for_an_account(route):
        yield "is public, but for somebody: remove `@public`."
    if route.methods - _SAFE:
        yield "is public, but writes: remove `@public`."
    if _is_limited(route):
        yield "is public, but limited: what is answered from the cache is never counted."
    if route.reads_headers:
        yield "is public, but reads headers or cookies, which must not decide what everybody gets."


def _about_bodies(route: Route) -> Iterator[str]:
    if route.dependant.body_params and route.methods <= _SAFE:
        yield "reads a body, but is no method that has one: take it from the query."
    if route.dependant.body_params and not isinstance(route.context.original_route, BodyLastRoute):
        yield "reads the body before it is known who sends it: give its router `route_class=BodyLastRoute`."
    if route.max_body_bytes is not None and route.max_body_bytes <= MAX_BODY_BYTES:
        yield f"has a `max_body_size` within the usual bound of {MAX_BODY_BYTES} bytes: remove it."


def _about_retries(route: Route) -> Iterator[str]:
    is_keyed, is_refused = takes_key(route.calls), route.rules.no_idempotency_key is not None
    if "POST" in route.methods and not (is_keyed or is_refused):
        yield (
            "does not say whether it can be repeated: if it creates something and the answer holds no secret, add "
            "`idempotent(role)` to its `dependencies`; otherwise decorate its function with `@no_idempotency_key`."
        )
    if is_keyed and (is_refused or route.methods != {"POST"}):
        yield "takes an `Idempotency-Key`, which is for what is posted and does not refuse it."
    if route.methods & REPEATED_METHODS and not isinstance(route.context.original_route, BodyLastRoute):
        yield "ignores an `Idempotency-Key`: give its router `route_class=BodyLastRoute`."


def _is_limited(route: Route) -> bool:
    return any(isinstance(call, RateLimited | RateLimitedByAccount) for call in route.calls)


def _asks_for_an_account(route: Route) -> bool:
    calls = list(route.calls)
    return get_account in calls or any(
        Unauthenticated in errors_raised_by(call) for call in calls if call is not get_actor
    )


def _named(route: Route) -> str:
    return f"{'/'.join(sorted(route.methods - {'HEAD'}))} {route.template}"
