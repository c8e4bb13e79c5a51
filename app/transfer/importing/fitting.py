"""Making texts fit what the blog allows, so that no post is refused for what is secondary in it."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.content.markup import shorten
from app.content.schemas.articles import Excerpt, TagName, TagNames, Title
from app.content.schemas.taxonomy import CategoryName
from app.transfer.importing.shapes import line


@cache
def _limit(kind: Any, name: str = "maxLength") -> int:
    return int(TypeAdapter(kind).json_schema()[name])


@cache
def _adapter(kind: Any) -> TypeAdapter[str]:
    return TypeAdapter(kind)


def cut(text: str, kind: Any) -> str:
    """The text within the limit of its kind; empty if it shows nothing."""
    fitting = shorten(text, _limit(kind))
    try:
        _adapter(kind).validate_python(fitting)
    except ValidationError:
        return ""
    return fitting


class Fitter:
    """Fits the texts of one post, and notes what had to be changed."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def title(self, value: str) -> str:
        return self._cut(value, Title, "title")

    def excerpt(self, value: str) -> str:
        return self._cut(value, Excerpt, "excerpt")

    def category(self, value: str) -> str:
        return self._cut(value, CategoryName, "category")

    def tags(self, values: list[str]) -> list[str]:
        """As many tags as an article may have."""
        fitting = [tag for value in values if (tag := self._cut(value, TagName, "tag"))]
        most = _limit(TagNames, "maxItems")
        if len(fitting) > most:
            left_out = ", ".join(shorten(tag, 40) for tag in fitting[most:][:5])
            more = ", …" if len(fitting) > most + 5 else ""
            self.notes.append(f"{len(fitting) - most} of its tags were left out: {left_out}{more}")
        return fitting[:most]

    def _cut(self, value: str, kind: Any, name: str) -> str:
        fitting = cut(value, kind)
        if fitting != value and fitting:
            self.notes.append(f"its {name} was cut to {_limit(kind):,} characters")
        elif value and not fitting:
            self.notes.append(f"its {name} shows nothing and was left out")
        return fitting

    def lost(self, value: Any, taken: str, name: str) -> None:
        """Note what was given but could not be taken, or not with all its characters."""
        if isinstance(value, str) and " ".join(value.split()) != line(value):
            self.notes.append(f"invisible marks were removed from its {name}")
        elif value and not isinstance(value, str) and not taken:
            self.notes.append(f"its {name} is not text and was left out")
