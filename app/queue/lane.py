"""The slots that the jobs of one kind have in a process, so that no kind gets in the way of another."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from app.core.circuit_breaker import CircuitBreaker
from app.queue.kinds import Registration


class Lane:
    def __init__(self, registration: Registration, on_free: Callable[[], None]) -> None:
        self.registration = registration
        self.breaker: CircuitBreaker | None = registration.breaker() if registration.breaker else None
        # The last claim got as many as it asked for: there may be more.
        self.may_have_more = False
        self.running: set[asyncio.Task[None]] = set()
        self._on_free = on_free

    @property
    def name(self) -> str:
        return self.registration.kind.name

    @property
    def seconds_left(self) -> float:
        """For how long nothing is to be tried, because the service that these jobs need is unreachable."""
        return self.breaker.seconds_left if self.breaker else 0.0

    @property
    def room(self) -> int:
        """How many jobs may be started now; while the service is unreachable, one, to find out whether it is back."""
        free = self.registration.slots - len(self.running)
        if self.breaker is None or not self.breaker.is_open:
            return free
        return 0 if self.breaker.seconds_left else min(1, free)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have a job occupy a slot until it is done."""
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.running.discard(task)
        self._on_free()
