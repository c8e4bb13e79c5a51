"""The texts of articles' histories, which may be damaged where they are stored."""

from collections.abc import Iterator

from sqlalchemy import Connection, select
from sqlalchemy.orm import aliased

from app.content.models import RevisionText
from app.content.text_deltas import DamagedText, restored
from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding

_BATCH_ROWS = 200


def damaged_revisions(connection: Connection) -> Iterator[Finding]:
    """Texts that cannot be restored, themselves or for the whole text that they differ from."""
    base = aliased(RevisionText)
    statement = (
        select(RevisionText.id, RevisionText.data, base.data)
        .outerjoin(base, base.id == RevisionText.base_id)
        .order_by(RevisionText.id)
    )
    rows = connection.execute(statement.execution_options(yield_per=_BATCH_ROWS)).tuples()
    damaged = [str(text_id) for text_id, data, whole in rows if not _is_readable(data, whole)]
    if damaged:
        problem = "the text of a revision cannot be restored"
        rows_shown = damaged[:MAX_SHOWN_ROWS]
        yield Finding(check="histories", table="revision_texts", problem=problem, count=len(damaged), rows=rows_shown)


def _is_readable(data: bytes, whole: bytes | None) -> bool:
    try:
        restored(data, None if whole is None else restored(whole, None))
    except DamagedText:
        return False
    return True
