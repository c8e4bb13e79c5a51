"""The current request: what becomes known about it, for its log lines and for metrics."""

import secrets
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count


@dataclass(slots=True)
class CurrentRequest:
    """What is known so far. `find_route` returns the template of its path, once a route has been found for it."""

    find_route: Callable[[], str | None]
    user_id: int | None = None
    queries: int = 0
    query_seconds: float = 0.0

    @property
    def route(self) -> str | None:
        return self.find_route()


# None outside of requests: in commands and in what goes on beside the requests.
current_request: ContextVar[CurrentRequest | None] = ContextVar("current_request", default=None)
# Unlike any other process's, and cheaper to make than ids that nobody can guess.
_PROCESS = secrets.token_hex(10)
_numbers = count(1)


def new_request_id() -> str:
    """An id for a request that does not bring its own."""
    return f"{_PROCESS}{next(_numbers):012x}"


def set_user(user_id: int) -> None:
    """Record whose request it is. The id is enough for logs: names and addresses stay out of them."""
    request = current_request.get()
    if request is not None:
        request.user_id = user_id
