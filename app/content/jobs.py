"""What is done for articles beside requests."""

from dataclasses import dataclass

from app.queue.kinds import Kind


@dataclass(frozen=True)
class DueArticle:
    """An article whose time may have come: what is to become of it, its schedule says."""

    article_id: int


PUBLICATIONS = Kind("publications", DueArticle, describe=lambda due: f"article {due.article_id}")
