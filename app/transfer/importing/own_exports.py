"""Articles from a Colophon's export of personal data: they are Markdown already, and come back as they were."""

import re

from app.content.exports import GENERATOR

_HEADER = re.compile(r"---\n(?P<fields>(?:[^\n]*\n)*?)---\n\n?")


def is_own(text: str) -> bool:
    """Whether a Colophon has written this file, and nothing has changed the ends of its lines."""
    header = _HEADER.match(text)
    return header is not None and f"generator: {GENERATOR}" in header["fields"].split("\n")


def body_of(text: str) -> str:
    """The body, to the last white space and carriage return."""
    header = _HEADER.match(text)
    return text[header.end() :] if header else text
