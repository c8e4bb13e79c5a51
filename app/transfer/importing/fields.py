"""The fields of front matter, in the many forms that generators allow."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.accounts.schemas.users import DisplayName
from app.core.names import name_key
from app.core.schemas.base import Email
from app.core.slugs import slug_for
from app.transfer.importing.fitting import cut
from app.transfer.importing.people import people
from app.transfer.importing.shapes import line, lines, squeezed

Fields = Mapping[str, Any]
Entry = TypeVar("Entry")

USERNAME_MIN_LENGTH, USERNAME_MAX_LENGTH = 3, 40
_YES, _NO = {"true", "yes", "y", "on", "1", "t"}, {"false", "no", "n", "off", "0", "f"}
_WORD = r"[^\s<>()\[\],;:\"]+"
_ADDRESS = re.compile(rf"[<(\[]?\s*(?:mailto:)?(?P<email>{_WORD}@{_WORD})\s*[>)\]]?", re.IGNORECASE)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def spelled_as_username(name: str) -> str:
    """The name in lower case and without spaces: a username only if nothing of it would have to be transliterated.

    "Ann Lee" is "ann-lee", but "Jörg" is not "jorg", who could be somebody else.
    """
    return name_key(name).replace(" ", "-")


@dataclass(frozen=True)
class Author:
    """An author of a post."""

    name: str
    email: str | None = None

    @property
    def username(self) -> str:
        """The username derived from the name, the same every time."""
        slug = slug_for(self.name)
        if len(slug) < USERNAME_MIN_LENGTH:
            return f"author-{slug}"
        if len(slug) <= USERNAME_MAX_LENGTH:
            return slug
        # Two long names that begin alike are still two names.
        return f"{slug[: USERNAME_MAX_LENGTH - 7].rstrip('-')}-{sha256(slug.encode()).hexdigest()[:6]}"

    @property
    def key(self) -> str:
        """Authors without an address are one if their keys are equal; their usernames may be equal otherwise too."""
        return name_key(self.name)

    @property
    def stand_ins(self) -> list[str]:
        """Addresses for an account without one, by which it is still found when it has got another username."""
        key = sha256(self.key.encode()).hexdigest()[:8]
        names = [f"{self.username}.{key}"]
        if self.username == spelled_as_username(self.name):
            names.insert(0, self.username)
        return [f"{name}@unclaimed.invalid" for name in names]

    @classmethod
    def parsed(cls, given: str, email: Any = None) -> "Author":
        """From a name with or without an address, and an address given besides; the name may become empty."""
        name, address = line(given), _usable_email(email)
        if found := _ADDRESS.search(name):
            address = address or _usable_email(found["email"])
            # The address itself is nobody else's business.
            name = _unwrapped(_ADDRESS.sub(" ", name)) or found["email"].partition("@")[0]
        return cls(cut(_unwrapped(name), DisplayName), address)


def _unwrapped(name: str) -> str:
    """The name without spare spaces, and what may stand around it."""
    name = " ".join(name.split()).strip(" ,;")
    wrapped = len(name) > 1 and name[0] + name[-1] in {'""', "''", "()", "“”"}
    return name[1:-1].strip() if wrapped else name


def _usable_email(value: Any) -> str | None:
    try:
        return _EMAIL.validate_python(value)
    except ValidationError:
        return None


def is_yes(value: Any) -> bool:
    return line(value).lower() in _YES


def is_no(value: Any) -> bool:
    return line(value).lower() in _NO


def everywhere(fields: Fields, name: str) -> Iterator[Any]:
    """The values of this name at the top level, in Zola's taxonomies, and in what themes use: `extra` and `params`."""
    for place in (fields, *(fields.get(name) for name in ("taxonomies", "extra", "params"))):
        if isinstance(place, Mapping) and (value := squeezed(place).get(name)) is not None:
            yield value


def authors(fields: Fields) -> list[Author]:
    """Everyone who is named as an author, in that order."""
    values = [value for name in ("author", "authors") for value in everywhere(fields, name)]
    named = [author for name, email in people(values) if (author := Author.parsed(name, email)).name]
    return first_of_each(named, lambda author: author.key)


def labels(fields: Fields, singular: str, plural: str) -> list[str]:
    """Tags or categories: one under the singular, a list or words under the plural."""
    values = list(everywhere(fields, singular))
    for value in everywhere(fields, plural):
        values.extend(_words(value) if isinstance(value, str) else [value])
    return without_repetition(list(lines(values, keys_are_names=True)))


def _words(line: str) -> list[str]:
    """Split at spaces, as Jekyll does, or at commas if there are any."""
    return [word.strip() for word in line.split(",")] if "," in line else line.split()


def without_repetition(names: list[str]) -> list[str]:
    """The names that are not empty, each once."""
    return first_of_each(filter(None, names), name_key)


def first_of_each(entries: Iterable[Entry], key: Callable[[Entry], str]) -> list[Entry]:
    """The entries whose key no earlier one has, in their order."""
    found: dict[str, Entry] = {}
    for entry in entries:
        found.setdefault(key(entry), entry)
    return list(found.values())
