"""What somebody writes of an article, at one moment."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Protocol

from app.content.models.states import ArticleKind, Visibility
from app.core.names import name_key


class Written(Protocol):
    """Where a text is stored: an article, a copy of one or a revision."""

    title: str
    slug: str
    given_excerpt: str | None
    language: str
    cover_image_url: str | None
    category_id: int | None
    kind: ArticleKind
    visibility: Visibility


@dataclass(frozen=True)
class Snapshot:
    """The text of an article and its fields, wherever they are stored; `tags` are names."""

    title: str
    slug: str
    body_markdown: str
    excerpt: str | None
    language: str
    cover_image_url: str | None
    category_id: int | None
    tags: tuple[str, ...]
    kind: ArticleKind
    visibility: Visibility

    @classmethod
    def of(cls, written: Written, body_markdown: str, tags: Iterable[str]) -> "Snapshot":
        return cls(
            title=written.title,
            slug=written.slug,
            body_markdown=body_markdown,
            excerpt=written.given_excerpt,
            language=written.language,
            cover_image_url=written.cover_image_url,
            category_id=written.category_id,
            tags=tuple(tags),
            kind=written.kind,
            visibility=written.visibility,
        )

    def write_to(self, written: Written) -> None:
        """Set the fields of what stores a text, but for the body and the tags."""
        written.title = self.title
        written.slug = self.slug
        written.given_excerpt = self.excerpt
        written.language = self.language
        written.cover_image_url = self.cover_image_url
        written.category_id = self.category_id
        written.kind = self.kind
        written.visibility = self.visibility

    def changed_from(self, before: "Snapshot") -> tuple[str, ...]:
        """The names of the fields in which this differs, as clients know them, in alphabetical order."""
        differing = {name for name in _NAMES if getattr(self, name) != getattr(before, name)}
        if _keys_of(self.tags) == _keys_of(before.tags):
            differing.discard("tags")
        return _as_clients_know(differing)


def _keys_of(tags: Iterable[str]) -> set[str]:
    return {name_key(tag) for tag in tags}


def _as_clients_know(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted("category" if name == "category_id" else name for name in names))


_NAMES = [field.name for field in fields(Snapshot)]
# Of a text that is new, everything has changed.
EVERY_FIELD = _as_clients_know(_NAMES)
