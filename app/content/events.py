"""What happens to articles, for domains that care.

`by` is the id of the account that did it; None stands for the command line and for the blog itself.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ArticleEvent:
    article_id: int
    author_id: int
    by: int | None

    @property
    def is_interference(self) -> bool:
        """Whether somebody else than the author did it."""
        return self.by is not None and self.by != self.author_id


class ArticlePublished(ArticleEvent):
    """It was a draft, or is new, and can be seen by everybody now."""


@dataclass(frozen=True)
class ArticleChanged(ArticleEvent):
    """`fields` were set, be it of a draft or of a published article.

    An autosave that `goes_on` has followed others of the same person within minutes, which were announced.
    """

    fields: tuple[str, ...]
    goes_on: bool = False


class ArticleScheduled(ArticleEvent):
    """It is to be published later, or to become a draft again."""


class ScheduleWithdrawn(ArticleEvent):
    """What was scheduled for it will not happen."""


class ArticleUnpublished(ArticleEvent):
    """It is a draft again."""


@dataclass(frozen=True)
class ArticleDeleted(ArticleEvent):
    """It cannot be seen any more. It can be restored, unless it went with its author's account."""

    with_account: bool = False


@dataclass(frozen=True)
class ArticleHandedOver(ArticleEvent):
    """It belongs to `author_id` now, because its author's account was deleted."""

    former_author_id: int


class ArticleRestored(ArticleEvent):
    """It is as it was before it was deleted."""
