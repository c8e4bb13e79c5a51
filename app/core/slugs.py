"""Slugs: the part of a URL that identifies an article, a tag or a category.

Different texts may have one slug: a slug is unique, but says nothing about whether two names are one (`names`).
"""

import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator

from slugify import slugify

SLUG_MAX_LENGTH = 120
SLUG_PATTERN = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
# C, C++ and C# are not the same.
_PLUSES = re.compile(r"(?<=[A-Za-z])\+\+")
_SHARP = re.compile(r"(?<=\b[A-Za-z])#(?!\w)")
_NUMBERED_TRIES = 3
_RANDOM_TRIES = 5


def slug_for(text: str) -> str:
    """A slug derived from `text`; never empty.

    Letters of other scripts are transliterated; a text of symbols alone is spelled by their Unicode names ("🎉" becomes
    "party-popper").
    """
    return _shorten(text) or _shorten(" ".join(unicodedata.name(char, "") for char in text)) or "untitled"


def _shorten(text: str) -> str:
    return slugify(_PLUSES.sub("pp", _SHARP.sub("sharp", text)), max_length=SLUG_MAX_LENGTH, word_boundary=True)


def alternatives(base: str, first_free: int) -> Iterator[str]:
    """Slugs to try when `base` is taken: a few numbered from `first_free`, then some unguessable ones.

    The random ones end a race between many writers who all want the same title.
    """
    for number in range(first_free, first_free + _NUMBERED_TRIES):
        yield _with_suffix(base, str(number))
    for _ in range(_RANDOM_TRIES):
        yield _with_suffix(base, secrets.token_hex(4))


def is_made_of(slug: str, base: str) -> bool:
    """Whether a slug is `base`, with or without a number."""
    return re.fullmatch(rf"{re.escape(base)}(?:-\d{{1,9}})?", slug) is not None


def first_free_number(base: str, taken: Iterable[str]) -> int:
    """The number after the highest that a slug in `taken` has behind `base`; at least 2."""
    suffixes = (slug.removeprefix(f"{base}-") for slug in taken if slug != base and is_made_of(slug, base))
    return max([1, *map(int, suffixes)]) + 1


def free_slug(base: str, taken: Collection[str]) -> str:
    """`base`, or if it is taken, `base` with a number."""
    return _with_suffix(base, str(first_free_number(base, taken))) if base in taken else base


def _with_suffix(base: str, suffix: str) -> str:
    return f"{base[: SLUG_MAX_LENGTH - len(suffix) - 1].rstrip('-')}-{suffix}"


def sort_key(text: str) -> str:
    """What `text` is sorted by: without case and accents, the same on every database."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
