"""Invalidations are passed on between processes, and shown to nobody."""

from app.db.changes.models import Invalidation
from app.db.changes.tracking import register_private

register_private(Invalidation.__table__)
