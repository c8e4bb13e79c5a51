"""The slots that the jobs of one kind have in a process, so that no kind gets in the way of another."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from app.core.circuit_breaker import CircuitBreaker
from app.queue.kinds import Registration
from app.queue.models import Job

# How many jobs are claimed beyond those that run at once: a claim takes as long as a small job. Only in the database:
# should the lease end while a job waits here, nothing is done twice.
_AHEAD = 20


class Lane:
    """`run` runs one job; `on_free` is called when there may be room for others."""

    def __init__(
        self,
        registration: Registration,
        run: Callable[["Lane", Job], Coroutine[Any, Any, None]],
        on_free: Callable[[], None],
    ) -> None:
        self.registration = registration
        self.breaker: CircuitBreaker | None = registration.breaker() if registration.breaker else None
        # The last claim got as many as it asked for: there may be more.
        self.may_have_more = False
        self.running: set[asyncio.Task[None]] = set()
        self._claimed: deque[Job] = deque()
        self._run = run
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
        """How many jobs to claim now; while the service is unreachable, one, to find out whether it is back."""
        free = self.registration.slots - len(self.running) - len(self._claimed)
        if free <= 0 or self.seconds_left:
            return 0
        if self.breaker is not None and self.breaker.is_open:
            return 1
        claims_ahead = self.registration.in_database and not self.registration.is_urgent
        return free + (_AHEAD if claims_ahead else 0)

    def take(self, jobs: Iterable[Job]) -> None:
        """Have these jobs run as soon as there are slots for them."""
        self._claimed.extend(jobs)
        self._fill()

    def give_back(self) -> list[Job]:
        """The jobs that have not been begun, and will not be."""
        claimed = list(self._claimed)
        self._claimed.clear()
        return claimed

    def _fill(self) -> None:
        while self._claimed and len(self.running) < self.registration.slots:
            task = asyncio.create_task(self._run(self, self._claimed.popleft()))
            self.running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.running.discard(task)
        self._fill()
        self._on_free()
