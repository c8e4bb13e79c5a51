"""What the audit log records about jobs."""

from app.audit.actions import action

JOBS_RETRIED = action("jobs.retried", "An operator had jobs run again.", formerly=("outbox.retried",))
JOBS_DROPPED = action("jobs.dropped", "An operator deleted jobs that had not been done.", formerly=("outbox.dropped",))
