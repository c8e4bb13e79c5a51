"""The kinds of jobs, and who handles them. Domains register theirs in their `hooks.py`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter

from app.core.circuit_breaker import CircuitBreaker
from app.core.client import Client
from app.queue.errors import UnknownKind

if TYPE_CHECKING:
    from app.queue.delivery import Delivery

P = TypeVar("P")
# What chores are enqueued under: of each there is one.
CHORE_KEY = "chore"
# While one process runs a job no other takes it; if it dies meanwhile, another does after this time.
LEASE = timedelta(minutes=5)
# What is urgent cannot wait for that. Only in the database, where whoever runs it also locks it: the lease need not
# last longer than it takes to begin.
_SHORT_LEASE = timedelta(seconds=1)


@dataclass(frozen=True)
class Kind(Generic[P]):
    """A kind of jobs: its name in the database, and the type of its payload, a frozen dataclass or pydantic model.

    `describe` says in a line what a job is about, for operators: it must not give away anything secret.
    """

    name: str
    payload: type[P]
    describe: Callable[[P], str] = lambda _: ""

    @cached_property
    def _adapter(self) -> TypeAdapter[P]:
        return TypeAdapter(self.payload)

    def stored(self, payload: P) -> dict[str, Any]:
        """The payload as JSON."""
        stored: dict[str, Any] = self._adapter.dump_python(payload, mode="json")
        return stored

    def read(self, stored: Mapping[str, Any]) -> P:
        """The payload that was stored. Raises pydantic's `ValidationError`."""
        return self._adapter.validate_python(stored)


@dataclass(frozen=True)
class Nothing:
    """The payload of a job that needs none."""


@dataclass(frozen=True)
class Registration:
    """How the jobs of a kind are handled; exactly one of the two handlers is there."""

    kind: Kind[Any]
    slots: int
    in_database: Callable[[Any, Any], Awaitable[None]] | None = None
    outside: "Callable[[Delivery[Any]], Awaitable[None]] | None" = None
    client: Callable[[Any], Client] | None = None
    breaker: Callable[[], CircuitBreaker] | None = None
    # Between two runs of a chore; others run once.
    every: timedelta | None = None
    is_urgent: bool = False

    @property
    def lease(self) -> timedelta:
        """For how long a job is nobody else's once it has been claimed."""
        return _SHORT_LEASE if self.is_urgent else LEASE

    @property
    def is_given_up(self) -> bool:
        """Whether a job of this kind becomes a dead letter after some attempts."""
        return self.every is None and not self.is_urgent


_registrations: dict[str, Registration] = {}


def register_job(
    kind: Kind[P],
    handler: Callable[[Any, P], Awaitable[None]],
    *,
    slots: int = 1,
    client: Callable[[P], Client] | None = None,
    is_urgent: bool = False,
) -> None:
    """Have jobs of this kind handled in the database, exactly once.

    The handler gets a unit of work, whose transaction also removes the job: either both happen or neither. It must not
    wait for anything but the database. `client` says on whose behalf the unit acts, for the audit log.

    What `is_urgent` is done within a second or two of its time even if the process dies that has begun it, is done
    before a server that starts answers anything, and is never given up. Its handler must not wait, behind a lock, for
    somebody who enqueues the same key.
    """
    _register(Registration(kind, slots, in_database=handler, client=client, is_urgent=is_urgent))


def register_delivery(
    kind: Kind[P],
    handler: "Callable[[Delivery[P]], Awaitable[None]]",
    *,
    slots: int = 4,
    breaker: Callable[[], CircuitBreaker] | None = None,
) -> None:
    """Have jobs of this kind handled outside the database, at least once.

    The handler runs without a transaction; should the process die before the job is removed, it runs again, with the
    same `Delivery.key`. It may raise `ServiceUnreachable` or `JobRefused`. Each process runs `slots` of them at once;
    `breaker` makes the circuit breaker of the service that they need.
    """
    _register(Registration(kind, slots, outside=handler, breaker=breaker))


def register_chore(name: str, handler: "Callable[[Delivery[Nothing]], Awaitable[None]]", *, every: timedelta) -> None:
    """Have this done again and again, so long after it was done last, on one server at a time.

    The handler opens its own transactions, short ones. A chore is never given up: one that fails is tried again, after
    `every` at the latest.
    """
    _register(Registration(Kind(name, Nothing), slots=1, outside=handler, every=every))


def _register(registration: Registration) -> None:
    known = _registrations.setdefault(registration.kind.name, registration)
    if known is not registration:
        raise RuntimeError(f"jobs of the kind {known.kind.name} are handled already")


def registrations() -> Mapping[str, Registration]:
    """All that have been registered, by the name of their kind."""
    return _registrations


def require_handler(kind: Kind[Any]) -> None:
    """Raise `UnknownKind` if nobody handles this kind."""
    known = _registrations.get(kind.name)
    if known is None or known.kind is not kind:
        raise UnknownKind(f"nobody has registered for jobs of the kind {kind.name}")
