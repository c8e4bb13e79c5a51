"""Removing personal data and secrets from texts, for logs and for error reports.

Nothing of that kind is logged on purpose, but errors of drivers, servers and libraries quote what they were given.
"""

import re
from typing import Any

_SECRETS = re.compile(
    r"""
      (?P<token> \b(?:clp|clr|cli)_[A-Za-z0-9_-]{8,} )              # tokens that are made at random
    | (?P<jwt>   \beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){1,2} )     # tokens that are signed
    | (?P<login> (?<=://)[^\s/@'"]+(?=@) )                          # user and password of an address
    | (?P<email> [^\s@<>()\[\]'",;:=/\\]+@[^\s@<>()\[\]'",;:=/\\]+\.[^\W\d_]{2,} )
    """,
    re.VERBOSE,
)
# Nearly every text has none of these, and then needs no closer look.
_SIGNS = ("@", "eyJ", "clp_", "clr_", "cli_")


def redact(text: str) -> str:
    """The text, with `[email]`, `[token]` … in place of what is personal or secret."""
    if not any(sign in text for sign in _SIGNS):
        return text
    return _SECRETS.sub(lambda found: f"[{found.lastgroup}]", text)


def redact_all(value: Any) -> Any:
    """The same for everything in lists and dictionaries."""
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: redact_all(item) for key, item in value.items()}
        case list() | tuple():
            return [redact_all(item) for item in value]
        case _:
            return value
