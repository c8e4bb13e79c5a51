"""What was written in a revision, of which the database keeps little more than what has changed."""

from app.content.models import Revision, Snapshot
from app.content.text_deltas import restored


def body_of(revision: Revision) -> str:
    """The body of a revision that was loaded with its text. Raises `DamagedText`."""
    base = revision.text.base
    return restored(revision.text.data, None if base is None else restored(base.data, None))


def snapshot_of(revision: Revision) -> Snapshot:
    """The article as it was then. Raises `DamagedText`."""
    return Snapshot.of(revision, body_of(revision), revision.tags)
