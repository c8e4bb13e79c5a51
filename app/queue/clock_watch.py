"""Noticing that the clock was set, or that the machine slept."""

import time

from app.core import clock

# More than a clock is ever corrected by while it is kept right.
_SECONDS = 0.5


class ClockWatch:
    def __init__(self) -> None:
        self._offset = _offset()

    def has_jumped(self) -> bool:
        """Whether the clock has jumped, in either direction, since this last said so."""
        offset = _offset()
        if abs(offset - self._offset) < _SECONDS:
            return False
        self._offset = offset
        return True


def _offset() -> float:
    """The difference between the clock and one that nobody sets."""
    return clock.now().timestamp() - time.monotonic()
