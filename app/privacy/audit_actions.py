"""What the audit log records about personal data."""

from app.audit.actions import action

ACCOUNT_EXPORTED = action("account.exported", "The owner downloaded everything the blog knows about them.")
