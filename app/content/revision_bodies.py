"""What was written in a revision, of which the database keeps little more than what has changed."""

from app.content.errors import RevisionDamaged
from app.content.models import Revision, Snapshot
from app.content.text_deltas import DamagedText, restored


def body_of(revision: Revision) -> str:
    """The body of a revision that was loaded with its text. Raises `RevisionDamaged`."""
    base = revision.text.base
    try:
        return restored(revision.text.data, None if base is None else restored(base.data, None))
    except DamagedText as error:
        raise RevisionDamaged from error


def snapshot_of(revision: Revision) -> Snapshot:
    """The article as it was then. Raises `RevisionDamaged`."""
    return Snapshot.of(revision, body_of(revision), revision.tags)
