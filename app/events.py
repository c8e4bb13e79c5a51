"""Domain events: what has happened, told to whoever has registered for it, in the transaction in which it happened.

An event is a frozen dataclass in the `events.py` of its domain. Domains that care register handlers in their
`hooks.py`: that is how a domain reacts to another that does not know it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

E = TypeVar("E")
# The first argument is the unit of work in which the event was emitted.
Handler = Callable[[Any, E], Awaitable[None]]

_handlers: dict[type, list[Handler[Any]]] = {}


def register_handler(event: type[E], handler: Handler[E]) -> None:
    """Have `handler` called whenever an event of this type is emitted, in the same transaction.

    Should it fail, nothing has happened. Whatever concerns the outside world, or takes long, is a job to be enqueued.
    """
    _handlers.setdefault(event, []).append(handler)


def handlers_of(event: object) -> list[Handler[Any]]:
    """Who has registered for this event, or for all events of a class that it is derived from."""
    return [handler for kind in type(event).__mro__ for handler in _handlers.get(kind, ())]
