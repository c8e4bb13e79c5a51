"""Loads all domains, lowest first: their tables, and what each of them has to do with the rest of the blog."""

# ruff: noqa: F401, I001 - that they are loaded, in this order, is all that matters

import app.db.changes.hooks
import app.audit.hooks
import app.queue.hooks
import app.mail.hooks
import app.accounts.hooks
import app.privacy.audit_actions
import app.idempotency.hooks
import app.content.hooks
import app.comments.hooks
