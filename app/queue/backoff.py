"""How long jobs that failed have to wait."""

from datetime import timedelta

from app.queue.kinds import Registration

MAX_ATTEMPTS = 12
# For so long after a job was enqueued, attempts are not counted while the service that it needs is unreachable. One
# that was scheduled for later than that has only its attempts.
GIVE_UP_AFTER = timedelta(days=5)
_FIRST_DELAY = timedelta(seconds=15)
_MAX_DELAY = timedelta(hours=2)
# Of what is urgent.
_FIRST_SHORT_DELAY = timedelta(seconds=1)
_MAX_SHORT_DELAY = timedelta(minutes=1)


def delay_after(attempts: int) -> timedelta:
    """How long to wait after this many failures: twice as long each time, up to two hours."""
    return min(_FIRST_DELAY * (1 << min(attempts - 1, 20)), _MAX_DELAY)


def short_delay_after(attempts: int) -> timedelta:
    """The same for what is urgent: from a second up to a minute."""
    return min(_FIRST_SHORT_DELAY * (1 << min(attempts - 1, 20)), _MAX_SHORT_DELAY)


def longest_pause(registration: Registration) -> timedelta:
    """Longer than a job of this kind ever waits, unless it was enqueued for a later time."""
    if registration.is_urgent:
        return 2 * _MAX_SHORT_DELAY
    return 2 * max(_MAX_DELAY, registration.every or timedelta())
