"""When backups are due."""

from datetime import datetime, timedelta

# In UTC. While the server is down at that time, the backup is made when it has started.
HOUR = 3
# Long enough for a backup that takes hours, or that failed once.
LATE_AFTER = timedelta(hours=26)
# Before one that failed is tried again.
RETRY_AFTER = timedelta(minutes=30)


def is_due(newest: datetime | None, now: datetime) -> bool:
    """Whether none has been made since the last night."""
    return newest is None or newest < _last_night(now)


def is_late(newest: datetime, now: datetime) -> bool:
    """Whether something must have gone wrong."""
    return now - newest > LATE_AFTER


def may_be_tried(last_attempt: datetime | None, now: datetime) -> bool:
    """Whether the last attempt is long enough ago. One from the future is not: the clock was wrong."""
    return last_attempt is None or not timedelta() <= now - last_attempt < RETRY_AFTER


def _last_night(now: datetime) -> datetime:
    tonight = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight <= now else tonight - timedelta(days=1)
