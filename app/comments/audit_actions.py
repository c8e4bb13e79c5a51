"""What the audit log records about comments."""

from app.audit.actions import action

COMMENT_DELETED = action("comment.deleted", "A comment was deleted, by its author or by someone else.")
COMMENT_RESTORED = action("comment.restored", "A deleted comment was restored.")
