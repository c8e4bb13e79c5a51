"""What the audit log keeps of comments: every deletion."""

from app.audit.actions import Action
from app.audit.log import Subject
from app.comments import audit_actions as actions
from app.comments.events import CommentDeleted, CommentEvent, CommentRestored
from app.comments.models import Comment
from app.unit_of_work import UnitOfWork


async def record_deletion(unit: UnitOfWork, event: CommentDeleted) -> None:
    _record(unit, actions.COMMENT_DELETED, event)


async def record_restoration(unit: UnitOfWork, event: CommentRestored) -> None:
    _record(unit, actions.COMMENT_RESTORED, event)


def _record(unit: UnitOfWork, action: Action, event: CommentEvent) -> None:
    comment = Subject(Comment.__tablename__, event.comment_id)
    unit.audit.record(action, actor=event.by, subject=comment, author=event.author_id)
