"""What the blog already contains, and what to do with a post. Nothing here touches the database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import count, islice

from app.core.slugs import SLUG_MAX_LENGTH
from app.transfer.importing.fields import Author
from app.transfer.importing.files import SourceFile
from app.transfer.importing.posts import Post

# How many slugs to compare an article's with, to see whether it already has one of those its post may have.
_NEAR = 100


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Imported:
    """An article that an import has written."""

    id: int
    slug: str
    source: str
    source_digest: str | None
    imported_at: datetime | None
    updated_at: datetime
    deleted_at: datetime | None
    has_draft: bool

    @property
    def was_edited_here(self) -> bool:
        return self.imported_at != self.updated_at or self.has_draft


@dataclass(frozen=True)
class Decision:
    """What to do with a post, under which slug and source, and the reason if nothing is done."""

    action: Action
    source: str = ""
    slug: str = ""
    reason: str = ""
    article: Imported | None = None
    # What became of it besides.
    notes: tuple[str, ...] = ()


class Catalogue:
    """The articles of earlier imports, the slugs that are taken, and the authors that accounts are created for.

    It records its own decisions: ask for each post once, in the order in which they will be stored.
    """

    def __init__(self, imported: Iterable[Imported], slugs: Iterable[str]) -> None:
        articles = list(imported)
        self._by_source = {article.source: article for article in articles}
        self._by_digest = {article.source_digest: article for article in articles}
        self._slugs = set(slugs)
        self._logins: set[str] = set()
        # Which file of this run each source belongs to, and each digest of a new article.
        self._claimed: dict[str, str] = {}
        self._created: dict[str, str] = {}

    def decide(self, file: SourceFile, post: Post) -> Decision:
        article = self._known(file)
        if article is None:
            # A file that was moved or renamed is still known by what is in it.
            article = self._by_digest.get(post.digest)
            twin = self._created.get(post.digest) or (self._claimed.get(article.source) if article else None)
            if twin is not None:
                return Decision(Action.SKIPPED, reason=f"it is the same post as {twin}")
        decision = self._about(article, file, post) if article else self._creation(file, post)
        for source in {decision.source, article.source if article else decision.source}:
            self._claimed[source] = file.display_path
        return decision

    def free_slug(self, post: Post) -> str:
        """The first free slug for this post, which is then taken."""
        slug = next(slug for slug in candidates(post) if slug not in self._slugs)
        self._slugs.add(slug)
        return slug

    def is_new(self, author: Author) -> bool:
        """Whether an author without an account needs one; only the first call for an author says so."""
        logins = {author.key, author.email or author.key}
        is_new = self._logins.isdisjoint(logins)
        self._logins |= logins
        return is_new

    def _known(self, file: SourceFile) -> Imported | None:
        """The article that this file became before, unless another file of this run has claimed it."""
        sources = (source for source in file.known_as if source in self._by_source and source not in self._claimed)
        return self._by_source.get(next(sources, ""))

    def _creation(self, file: SourceFile, post: Post) -> Decision:
        self._created[post.digest] = file.display_path
        return Decision(Action.CREATED, self._free_source(file), self.free_slug(post))

    def _about(self, article: Imported, file: SourceFile, post: Post) -> Decision:
        source = article.source if article.source in file.known_as else self._free_source(file)
        if article.deleted_at is not None:
            return Decision(Action.SKIPPED, source, reason="its article was deleted in the blog")
        if article.source_digest == post.digest:
            return Decision(Action.UNCHANGED, source, article.slug, article=article)
        if article.was_edited_here:
            return Decision(Action.SKIPPED, source, reason="it has changed, but its article was edited in the blog")
        slug = article.slug if _may_have(post, article.slug) else self.free_slug(post)
        return Decision(Action.UPDATED, source, slug, article=article)

    def _free_source(self, file: SourceFile) -> str:
        free = (source for source in file.sources if source not in self._by_source and source not in self._claimed)
        return next(free, file.sources[-1])


def _may_have(post: Post, slug: str) -> bool:
    """Whether the slug is one of the post's, also if it is not known now whether the post is a translation."""
    return any(slug in islice(candidates(replace(post, is_translation=given)), _NEAR) for given in (False, True))


def candidates(post: Post) -> Iterator[str]:
    """The slugs a post may have, best first: its own, with its date, and that with a number.

    Of a translation, its own slug is that with its language if the original has the plain one.
    """
    if post.is_translation:
        yield post.slug
        yield from _numbered(_with_suffix(post.slug, f"-{post.content.language.lower()}"), post)
    else:
        yield from _numbered(post.slug, post)


def _numbered(slug: str, post: Post) -> Iterator[str]:
    day = f"-{post.published_at.date()}" if post.published_at else ""
    yield slug
    if day:
        yield _with_suffix(slug, day)
    for number in count(2):
        yield _with_suffix(slug, f"{day}-{number}")


def _with_suffix(slug: str, suffix: str) -> str:
    return slug[: SLUG_MAX_LENGTH - len(suffix)].rstrip("-") + suffix
