"""Values of front matter, whatever shape they have: texts, lists, mappings, and these in each other."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any

# A few lines of YAML with aliases in them can stand for billions of entries.
_MOST_VISITS = 1_000
_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
_TEXT_KEYS = ("name", "title", "label", "text", "value", "rendered", "raw", "str", "slug", "nicename", "id")


def line(value: Any) -> str:
    """A plain value as one line, without controls and marks that turn the direction of text; else empty."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float | date | time):
        return ""
    return " ".join("".join(char for char in _without_lone_surrogates(str(value)) if not _is_unseen(char)).split())


def _without_lone_surrogates(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()


def _is_unseen(char: str) -> bool:
    control = unicodedata.category(char) == "Cc" and not char.isspace()
    return control or unicodedata.bidirectional(char) in _DIRECTIONS


def lines(value: Any, *, keys_are_names: bool = False) -> Iterator[str]:
    """All texts within a value, each as one line, in the order in which they are written.

    A mapping stands for what it names. If it names nothing, its own keys may be names: a set is written like that.
    """
    pending = [value]
    for _ in range(_MOST_VISITS):
        if not pending:
            return
        current = pending.pop()
        if isinstance(current, Mapping):
            pending.extend(_of_mapping(current, keys_are_names=keys_are_names))
        elif isinstance(current, list):
            pending.extend(current[_MOST_VISITS::-1])
        elif text := line(current):
            yield text


def _of_mapping(value: Mapping[Any, Any], *, keys_are_names: bool) -> list[Any]:
    named = squeezed(value)
    for key in _TEXT_KEYS:
        if named.get(key):
            return [named[key]]
    return list(value)[_MOST_VISITS::-1] if keys_are_names else []


def first_line(value: Any) -> str:
    """The first text within a value; empty if there is none."""
    return next(lines(value), "")


def squeezed(mapping: Mapping[Any, Any]) -> dict[str, Any]:
    """With names as they are compared: `publishDate`, `publish_date` and `publish-date` are one."""
    return {_squeezed(line(name)): value for name, value in mapping.items()}


def spellings(*names: str) -> dict[str, str]:
    """The names as their generators spell them, by the names with which they are compared."""
    return {_squeezed(name): name for name in names}


def _squeezed(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
