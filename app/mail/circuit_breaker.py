"""Leaves a server alone that does not answer, and asks now and then whether it is back."""

import time

FAILURES = 3
_FIRST_PAUSE_SECONDS = 5.0
_MAX_PAUSE_SECONDS = 300.0


class CircuitBreaker:
    """Counts failures in a row. After a few it is open: nothing is tried until a pause is over, then one thing is.

    Each further failure doubles the pause, and the first success closes it.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    @property
    def seconds_left(self) -> float:
        """For how long nothing is to be tried."""
        return max(0.0, self._next_probe - time.monotonic()) if self.is_open else 0.0

    def failed(self) -> None:
        if self.seconds_left:
            # Begun before it was clear that the server is away: that says nothing new.
            return
        self._failures += 1
        if self.is_open:
            pause = _FIRST_PAUSE_SECONDS * (1 << min(self._failures - FAILURES, 10))
            self._next_probe = time.monotonic() + min(pause, _MAX_PAUSE_SECONDS)

    def succeeded(self) -> None:
        self._failures = 0
