"""What comments have to do with the rest of the blog."""

from app.accounts.personal_data import register_authored
from app.cache import keys
from app.comments import auditing
from app.comments.events import CommentDeleted, CommentRestored
from app.comments.exports import COMMENTS
from app.comments.models import Comment
from app.db.changes.tracking import Change, register_public
from app.events import register_handler


def _by_comment(change: Change) -> set[str]:
    article_id = change.instance.article_id
    found = {keys.comments_of(article_id)}
    if not change.is_update or "deleted_at" in change.fields:
        # The article shows how many it has.
        found |= {keys.article(article_id), keys.COMMENT_COUNTS}
    return found


register_handler(CommentDeleted, auditing.record_deletion)
register_handler(CommentRestored, auditing.record_restoration)
register_authored(Comment.author_id, exported=COMMENTS)
register_public(Comment.__table__, _by_comment)
