"""What was written and acknowledged, and which answers are possible because of it.

Every article has one writer, who writes one thing after the other. So whoever asks a tenth of a second after a write
was acknowledged, or was seen by anybody, must see it or a later one. A write without an answer may be there or not,
but once somebody has seen it, it must stay.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# How long a change may take to be seen everywhere.
EVERYWHERE_SECONDS = 0.1
_FILLER = "There is nothing here that anybody needs to read, but quite enough of it to be cut off in the middle. " * 8


@dataclass
class Write:
    sent: float = field(default_factory=time.monotonic)
    acknowledged: float | None = None
    seen: float | None = None

    def acknowledge(self) -> None:
        self.acknowledged = time.monotonic()

    def see(self, at: float) -> None:
        if self.seen is None or at < self.seen:
            self.seen = at

    def is_known(self, when: float) -> bool:
        """Whether everybody must know of it who asks at this moment."""
        moments = [moment for moment in (self.acknowledged, self.seen) if moment is not None]
        return bool(moments) and min(moments) <= when


@dataclass(frozen=True)
class Asked:
    """When something was asked and answered, and how long changes may take until whoever asked sees them."""

    sent: float
    received: float
    allowance: float = EVERYWHERE_SECONDS

    def possible(self, writes: Sequence[Write]) -> list[int]:
        """Which of these, each of which replaces those before, the answer may show; -1: none of them yet."""
        known = [number for number, write in enumerate(writes) if write.is_known(self.sent - self.allowance)]
        first = known[-1] if known else -1
        later = [number for number, write in enumerate(writes) if number > first and write.sent <= self.received]
        return [first, *later]


@dataclass
class Article:
    title: str
    is_draft: bool
    versions: list[Write] = field(default_factory=lambda: [Write()])
    comments: dict[str, Write] = field(default_factory=dict)
    # Publications and withdrawals, in turns.
    visibility: list[tuple[bool, Write]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visibility.append((not self.is_draft, self.versions[0]))

    @property
    def slug(self) -> str:
        return self.title.lower().replace(" ", "-")

    @property
    def is_acknowledged(self) -> bool:
        return self.versions[0].acknowledged is not None

    def body(self, version: int) -> str:
        """What is written as this version; no other text is like it."""
        return f"{self._mark(version)} {_FILLER}{self._mark(version)}"

    def _mark(self, version: int) -> str:
        return f"version {version} of {self.title}."

    def may_be_hidden(self, asked: Asked) -> bool:
        possible = asked.possible([write for _, write in self.visibility])
        return any(number < 0 or not self.visibility[number][0] for number in possible)

    def may_be_shown(self, asked: Asked) -> bool:
        possible = asked.possible([write for _, write in self.visibility])
        return any(number >= 0 and self.visibility[number][0] for number in possible)

    def objections_to(self, page: dict[str, Any], asked: Asked) -> Iterator[str]:
        """What cannot be right about its page."""
        possible = asked.possible(self.versions)
        shown = [number for number in range(len(self.versions)) if self.body(number) == page["body_markdown"]]
        if not shown:
            yield f"{self.slug}: a body that nobody has written: {page['body_markdown'][:60]!r}"
        elif shown[0] not in possible:
            yield f"{self.slug}: version {shown[0]} instead of {possible}"
        elif f"<p>{self._mark(shown[0])}" not in page["body_html"]:
            yield f"{self.slug}: HTML of another version than {shown[0]}"
        else:
            self.versions[shown[0]].see(asked.received)
        least, most = (len(found) for found in self._comments_around(asked))
        if not least <= page["comment_count"] <= most:
            yield f"{self.slug}: {page['comment_count']} comments instead of {least} to {most}"

    def objections_to_comments(self, texts: Sequence[str], asked: Asked) -> Iterator[str]:
        """What cannot be right about the list of its comments."""
        least, most = self._comments_around(asked)
        if len(set(texts)) < len(texts):
            yield f"{self.slug}: the same comment twice"
        if missing := least - set(texts):
            yield f"{self.slug}: {len(missing)} comments are missing, such as {min(missing)!r}"
        if unknown := set(texts) - most:
            yield f"{self.slug}: comments that nobody has written: {unknown}"
        for text in set(texts) & most:
            self.comments[text].see(asked.received)

    def _comments_around(self, asked: Asked) -> tuple[set[str], set[str]]:
        """Those that must be there, and those that may be."""
        least = {text for text, write in self.comments.items() if write.is_known(asked.sent - asked.allowance)}
        return least, {text for text, write in self.comments.items() if write.sent <= asked.received}


@dataclass(repr=False)
class Ledger:
    articles: dict[str, Article] = field(default_factory=dict)

    def add(self, article: Article) -> Article:
        self.articles[article.slug] = article
        return article

    def acknowledged(self) -> int:
        """How many writes."""
        return sum(write.acknowledged is not None for write in self._writes())

    def objections_to_list(self, page: list[dict[str, Any]], limit: int, asked: Asked) -> Iterator[str]:
        """What cannot be right about the newest articles."""
        slugs = [item["slug"] for item in page]
        for slug in slugs:
            article = self.articles.get(slug)
            if article is None or not article.may_be_shown(asked):
                yield f"{slug} in a list, where it must not be"
        recent = [article for article in list(self.articles.values())[-2 * limit :] if not article.is_draft]
        for article in recent:
            if article.slug not in slugs and not article.may_be_hidden(asked) and _place(article, recent) <= limit:
                yield f"{article.slug} is missing in a list"

    def _writes(self) -> Iterator[Write]:
        for article in self.articles.values():
            yield from article.versions
            yield from article.comments.values()
            yield from (write for _, write in article.visibility[1:])


def _place(article: Article, articles: Sequence[Article]) -> int:
    """At which of a list of the newest it is at the latest."""
    sent = article.versions[0].sent
    acknowledged = (other.versions[0].acknowledged for other in articles)
    return sum(moment is None or moment >= sent for moment in acknowledged)
