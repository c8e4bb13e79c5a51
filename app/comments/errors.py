"""What can go wrong with comments."""

from app.core.errors import Conflict, Invalid, NotFound


class CommentNotFound(NotFound):
    code = "comment_not_found"
    message = "Comment not found."


class ParentCommentNotFound(Conflict):
    code = "parent_not_found"
    message = "The parent comment does not exist on this article."


class ThreadTooDeep(Conflict):
    code = "thread_too_deep"
    message = "This thread cannot be nested any deeper. Reply to a comment further up."


class EmptyComment(Invalid):
    code = "empty_comment"
    message = "The comment is empty: none of its text would be shown."
