"""Who is named by a value of front matter, in any of the shapes that generators and exporters write."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.transfer.importing.shapes import first_line, line, squeezed

_NAMES = ("displayname", "fullname", "name", "realname", "nicename", "nickname", "penname")
_HANDLES = ("login", "username", "user", "userlogin", "handle", "key", "slug", "id")
_EMAILS = ("email", "mail", "useremail", "emailaddress")
_NO_NAMES = {*_NAMES, *_HANDLES, *_EMAILS, "url", "website", "link", "bio", "avatar", "image", "title", "options"}
_MOST_VISITS = 100


def people(value: Any) -> Iterator[tuple[str, Any]]:
    """The name and the email address, if one is given, of everyone named; a name may contain an address as well."""
    pending = [value]
    for _ in range(_MOST_VISITS):
        if not pending:
            return
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current[_MOST_VISITS::-1])
        elif not isinstance(current, Mapping):
            # Some themes ask with this field whether to show the author.
            yield from ((name, None) for name in _named_in(line(current)) if name.lower() not in {"true", "false"})
        elif found := _person(squeezed(current)):
            yield found
        else:
            pending.extend(list(_entries(current))[_MOST_VISITS::-1])


def _named_in(text: str) -> list[str]:
    """One name, or several where there are several addresses: names alone may have commas."""
    several = text.count("@") > 1
    return [name for part in (re.split(r"[,;]", text) if several else [text]) if (name := part.strip())]


def _person(fields: Mapping[str, Any]) -> tuple[str, Any] | None:
    email = next((fields[key] for key in _EMAILS if line(fields.get(key))), None)
    for name in (*(first_line(fields.get(key)) for key in _NAMES), _of_parts(fields)):
        if name:
            return name, email
    if (parts := fields.get("name")) and isinstance(parts, Mapping) and (name := _of_parts(squeezed(parts))):
        return name, email
    name = next((name for key in _HANDLES if (name := line(fields.get(key)))), "")
    if not name and "@" in line(email):
        name = line(email)
    return (name, email) if name else None


def _of_parts(fields: Mapping[str, Any]) -> str:
    parts = (("firstname", "first", "givenname", "given"), ("lastname", "last", "familyname", "family", "surname"))
    names = (next((name for key in keys if (name := line(fields.get(key)))), "") for keys in parts)
    return " ".join(name for name in names if name)


def _entries(mapping: Mapping[Any, Any]) -> Iterator[Any]:
    """Of people by their names, or of one who is wrapped up, as in answers of GraphQL."""
    for key, value in mapping.items():
        is_name = not squeezed({key: None}).keys() & _NO_NAMES
        if _may_name_somebody(value):
            yield value
        elif "@" in line(value):
            yield {"name": key, "email": value}
        elif is_name and (value is None or isinstance(value, Mapping)):
            yield key


def _may_name_somebody(value: Any) -> bool:
    if isinstance(value, Mapping):
        return _person(squeezed(value)) is not None or any(isinstance(each, Mapping | list) for each in value.values())
    return isinstance(value, list)
