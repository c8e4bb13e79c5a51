"""What comments have to do with the rest of the blog."""

from app.cache import keys
from app.comments import auditing
from app.comments.models import Comment
from app.db.changes.tracking import Change, register_public


def _by_comment(change: Change) -> set[str]:
    return {keys.comments_of(change.instance.article_id)}


auditing.register()
register_public(Comment.__table__, _by_comment)
