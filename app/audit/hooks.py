"""The audit log is for admins."""

from app.audit.models import AuditEvent
from app.db.changes.tracking import register_private

register_private(AuditEvent.__table__)
