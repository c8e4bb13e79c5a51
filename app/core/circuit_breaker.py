"""Stops calling a service that does not respond, and checks now and then whether it is back."""

import logging
import time

_log = logging.getLogger(__name__)


class CircuitBreaker:
    """Opens after `failures` failures in a row. From then on one attempt is let through after each pause, for all.

    `pause` is in seconds; each further failure doubles it, up to `max_pause`. `attempt_timeout` is how long an attempt
    may take: meanwhile nobody else makes one. The first success closes it. `service` is what the log calls it.
    """

    def __init__(
        self, service: str, *, failures: int = 1, pause: float, max_pause: float = 0, attempt_timeout: float = 0
    ) -> None:
        self._service = service
        self._threshold = failures
        self._pause = pause
        self._max_pause = max(pause, max_pause)
        self._attempt_timeout = attempt_timeout
        self._failures = 0
        self._next_attempt = 0.0
        self._is_half_open = False

    @property
    def is_open(self) -> bool:
        return self._failures >= self._threshold

    @property
    def seconds_left(self) -> float:
        """For how long nothing is to be tried."""
        return max(0.0, self._next_attempt - time.monotonic()) if self.is_open else 0.0

    def allows_attempt(self) -> bool:
        """Whether to try. Whoever is let through while it is open reports how that ended."""
        if not self.is_open:
            return True
        if self.seconds_left:
            return False
        self.begin_attempt()
        return True

    def begin_attempt(self) -> None:
        """Keep others from trying until this attempt has ended; for callers that have checked `seconds_left`."""
        if self.is_open:
            self._is_half_open = True
            self._next_attempt = time.monotonic() + self._attempt_timeout + self._current_pause()

    def failed(self, error: BaseException) -> None:
        if self.is_open and not self._is_half_open:
            # Begun before it opened: that says nothing new.
            return
        self._failures += 1
        if not self.is_open:
            return
        if not self._is_half_open:
            # Its kind alone: what else it says may be about somebody. The cause of a timeout is a cancellation.
            cause = error if isinstance(error, TimeoutError) else error.__cause__ or error
            _log.warning("%s is unreachable: %s", self._service, type(cause).__name__)
        self._is_half_open = False
        self._next_attempt = time.monotonic() + self._current_pause()

    def succeeded(self) -> None:
        if self.is_open:
            _log.warning("%s is reachable again", self._service)
        self._failures = 0
        self._is_half_open = False

    def _current_pause(self) -> float:
        doublings = min(max(0, self._failures - self._threshold), 10)
        return min(self._pause * (1 << doublings), self._max_pause)
