"""What the audit log records about the outbox."""

from app.audit.actions import action

OUTBOX_RETRIED = action("outbox.retried", "An operator had emails tried again.")
OUTBOX_DROPPED = action("outbox.dropped", "An operator deleted emails that had not been sent.")
