"""The fields of front matter, in the many forms that Jekyll, Hugo and Zola allow."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.core.names import name_key
from app.core.schemas.base import Email
from app.core.slugs import slug_for
from app.transfer.importing.front_matter import BadPost

Fields = Mapping[str, Any]

USERNAME_MIN_LENGTH, USERNAME_MAX_LENGTH = 3, 40
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_NAME_AND_EMAIL = re.compile(r"(?P<name>[^<>]+?)\s*<(?P<email>[^<>\s]+@[^<>\s]+)>")
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
    def parsed(cls, value: Any) -> "Author":
        """From a name, an address, `name <address>`, or a mapping of `name` and `email`. Raises `BadPost`."""
        if isinstance(value, Mapping):
            return cls(_required_name(value.get("name")), _usable_email(value.get("email")))
        name = _required_name(value)
        if match := _NAME_AND_EMAIL.fullmatch(name):
            return cls(match["name"], _usable_email(match["email"]))
        email = _usable_email(name)
        # The address itself is nobody else's business.
        return cls(email.partition("@")[0], email) if email else cls(name)


def _required_name(value: Any) -> str:
    name = text(value, "author")
    if not name:
        raise BadPost("it has an author without a name")
    return name


def _usable_email(value: Any) -> str | None:
    try:
        return _EMAIL.validate_python(value)
    except ValidationError:
        return None


def text(value: Any, name: str) -> str:
    """A line of text; empty if there is no value. Raises `BadPost` if it is something else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float | date | time):
        raise BadPost(f"its {name} is not text")
    return " ".join(str(value).split())


def is_yes(value: Any) -> bool:
    return isinstance(value, str | int) and text(value, "flag").lower() in _YES


def is_no(value: Any) -> bool:
    return isinstance(value, str | int) and text(value, "flag").lower() in _NO


def everywhere(fields: Fields, name: str) -> Iterator[Any]:
    """The values of this name at the top level, in Zola's taxonomies, and in the `extra` that themes use."""
    for place in (fields, fields.get("taxonomies"), fields.get("extra")):
        if isinstance(place, Mapping) and place.get(name) is not None:
            yield place[name]


def authors(fields: Fields) -> list[Author]:
    """Everyone who is named as an author, in that order. Raises `BadPost`."""
    named = [Author.parsed(value) for name in ("author", "authors") for value in _each(fields, name) if value]
    return list({author.key: author for author in reversed(named)}.values())[::-1]


def _each(fields: Fields, name: str) -> Iterator[Any]:
    for value in everywhere(fields, name):
        yield from value if isinstance(value, list) else [value]


def labels(fields: Fields, singular: str, plural: str) -> list[str]:
    """Tags or categories: one under the singular, a list or words under the plural. Raises `BadPost`."""
    found = [text(value, singular) for value in _each(fields, singular)]
    for value in everywhere(fields, plural):
        values = value if isinstance(value, list) else _words(text(value, plural))
        found.extend(text(each, plural) for each in values)
    return without_repetition(found)


def _words(line: str) -> list[str]:
    """Split at spaces, as Jekyll does, or at commas if there are any."""
    return [word.strip() for word in line.split(",")] if "," in line else line.split()


def without_repetition(names: list[str]) -> list[str]:
    """The names that are not empty, each once."""
    return list({name_key(name): name for name in reversed(names) if name}.values())[::-1]
