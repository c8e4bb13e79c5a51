"""What happens to comments, for domains that care.

`by` is the id of the account that did it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CommentEvent:
    comment_id: int
    article_id: int
    author_id: int
    by: int


@dataclass(frozen=True)
class CommentWritten(CommentEvent):
    """`parent_id` is the comment that it replies to, if it does."""

    parent_id: int | None


class CommentEdited(CommentEvent):
    """Its author has changed the text."""


class CommentDeleted(CommentEvent):
    """Its text cannot be seen any more. It can be restored."""


class CommentRestored(CommentEvent):
    """It is as it was before it was deleted."""
