"""The blog that is measured: always the same for the same size, and written directly into the tables.

What a request needs to know about an article (its slug, when it was published, whether it has the common tag) is a
function of its number, so that it need not be looked up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from benchmarks.texts import WORDS, Texts, texts_of

VERSION = 1
SEED = 2_024
PASSWORD = "four calm otters at noon"
COMMON_TAG = "tag-001"
_ONE_IN = 10
_TAGS_EACH = 3
_CATEGORIES = 20
_MAX_COMMENTS = 300_000
_COMMENT_PATH_WIDTH = 10
_FIRST_DAY, _LAST_DAY = datetime(2015, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Size:
    """The size of the corpus. Three comments per article, up to 300,000."""

    articles: int = 10_000
    words: int = 1_500
    tags: int = 200
    authors: int = 50

    @property
    def comments(self) -> int:
        return min(3 * self.articles, _MAX_COMMENTS)

    @property
    def label(self) -> str:
        return f"{self.articles}x{self.words}_{self.tags}t_{self.authors}a"


@dataclass(frozen=True)
class TableRows:
    name: str
    columns: tuple[str, ...]
    rows: Rows


def slug_of(number: int) -> str:
    """The slug of article 1, 2, 3 …, of which the last is the newest."""
    return f"{WORDS[number * 7_919 % len(WORDS)]}-{WORDS[number * 104_729 % len(WORDS)]}-{number}"


def published_at(size: Size, number: int) -> datetime:
    step = (_LAST_DAY - _FIRST_DAY) / (size.articles + 1)
    return _FIRST_DAY + timedelta(microseconds=int(step / timedelta(microseconds=1)) * number)


def has_common_tag(number: int) -> bool:
    """A tenth of all articles carry one tag, the most used one."""
    return number % _ONE_IN == 0


def author_name(number: int) -> str:
    return f"author-{number:02}"


def comment_counts(size: Size) -> list[int]:
    """The number of comments on article 1, 2, 3 …: two thirds spread evenly, the rest mostly on the newest (Zipf)."""
    each = size.comments * 2 // 3 // size.articles
    counts = [each] * size.articles
    rest = size.comments - each * size.articles
    share = rest / sum(1 / rank for rank in range(1, size.articles + 1))
    for rank in range(1, size.articles + 1):
        more = min(rest, max(1, int(share / rank)))
        counts[size.articles - rank] += more
        rest -= more
        if rest == 0:
            break
    return counts


def tables(size: Size, tag_dates: Sequence[str]) -> Iterator[TableRows]:
    """All rows, parents first. `tag_dates` are the columns with the publication date that are kept with each tag."""
    random = Random(SEED)
    texts = texts_of(SEED)
    yield _users(size)
    yield _named("categories", "category", _CATEGORIES, description="")
    yield _named("tags", "tag", size.tags)
    yield _articles(size, Random(random.random()), texts)
    yield _article_tags(size, Random(random.random()), tag_dates)
    yield _comments(size, Random(random.random()), texts)


def _users(size: Size) -> TableRows:
    hashed = PasswordHash((Argon2Hasher(),)).hash(PASSWORD)
    columns = (
        *("id", "email", "username", "display_name", "bio", "role", "hashed_password", "is_active", "is_verified"),
        *("has_second_factor", "token_version", "created_at", "updated_at"),
    )

    def row(number: int) -> tuple[Any, ...]:
        name = author_name(number)
        account = (f"{name}@example.com", name, f"Author {number}", "", "author", hashed)
        return number, *account, True, True, False, 0, _FIRST_DAY, _FIRST_DAY

    rows = (row(number) for number in range(1, size.authors + 1))
    return TableRows("users", columns, rows)


def _named(table: str, name: str, many: int, **more: str) -> TableRows:
    columns = ("id", "name", "slug", "created_at", "updated_at", *more)
    rows = (
        (number, f"{name.title()} {number:03}", f"{name}-{number:03}", _FIRST_DAY, _FIRST_DAY, *more.values())
        for number in range(1, many + 1)
    )
    return TableRows(table, columns, rows)


def _articles(size: Size, random: Random, texts: Texts) -> TableRows:
    counts = comment_counts(size)
    columns = (
        *("id", "slug", "title", "title_key", "body_markdown", "body_html", "derived_excerpt", "language", "status"),
        *("published_at", "word_count", "reading_minutes", "comment_count", "author_id", "category_id"),
        *("created_at", "updated_at"),
    )

    def row(number: int) -> tuple[Any, ...]:
        markdown, html = texts.body(random, size.words)
        title = f"{' '.join(random.choices(WORDS, k=6))} {number}"
        at = published_at(size, number)
        return (
            *(number, slug_of(number), title.capitalize(), title, markdown, html, markdown[:280], "en", "published"),
            *(at, size.words, max(1, round(size.words / 230)), counts[number - 1]),
            *(random.randint(1, size.authors), random.randint(1, _CATEGORIES), at, at),
        )

    return TableRows("articles", columns, (row(number) for number in range(1, size.articles + 1)))


def _article_tags(size: Size, random: Random, dates: Sequence[str]) -> TableRows:
    """Three tags each. The others are Zipf-distributed with an exponent that keeps the common one the most used."""
    others = range(2, size.tags + 1)
    weights = list(accumulate(rank**-0.5 for rank in others))

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, size.articles + 1):
            tags = {1} if has_common_tag(number) else set()
            while len(tags) < _TAGS_EACH:
                tags.update(random.choices(others, cum_weights=weights))
            at = published_at(size, number)
            for tag in sorted(tags):
                yield (number, tag, *(at for _ in dates))

    return TableRows("article_tags", ("article_id", "tag_id", *dates), rows())


def _comments(size: Size, random: Random, texts: Texts) -> TableRows:
    """Every third comment is a reply to the one before it."""
    columns = (
        *("id", "article_id", "author_id", "parent_id", "path", "depth", "body_markdown", "body_html"),
        *("created_at", "updated_at"),
    )

    def rows() -> Iterator[tuple[Any, ...]]:
        number = 0
        for article, count in enumerate(comment_counts(size), start=1):
            at = published_at(size, article)
            for place in range(count):
                number += 1
                parent = number - 1 if place % 3 == 2 else None  # noqa: PLR2004 - every third
                own = f"{number:0{_COMMENT_PATH_WIDTH}d}"
                path = own if parent is None else f"{parent:0{_COMMENT_PATH_WIDTH}d}{own}"
                text = texts.sentence(random)
                author = random.randint(1, size.authors)
                yield number, article, author, parent, path, int(parent is not None), text, f"<p>{text}</p>\n", at, at

    return TableRows("comments", columns, rows())
