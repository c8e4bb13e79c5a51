"""What can go wrong with comments."""

from app.core.errors import Conflict, Invalid, NotFound


class CommentNotFound(NotFound):
    code = "comment_not_found"
    message = "There is no such comment."


class ParentCommentNotFound(Conflict):
    code = "parent_not_found"
    message = "The comment that this answers does not exist on this article."


class ThreadTooDeep(Conflict):
    code = "thread_too_deep"
    message = "This thread cannot be nested deeper; answer a comment further up."


class EmptyComment(Invalid):
    code = "empty_comment"
    message = "Nothing of this comment would be shown."
