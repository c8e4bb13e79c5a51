"""The text that explains an export, made of what its parts say of themselves."""

from collections.abc import Sequence
from textwrap import fill

from app.accounts.exports.parts import ExportedPart, Field

ACCOUNT_FILE = "account.json"
_WIDTH = 110
_COLUMN = 16


def readme(parts: Sequence[ExportedPart]) -> str:
    """What is in an archive with these parts."""
    fields = [part.meaning for part in parts if isinstance(part, Field)]
    files = {ACCOUNT_FILE: f"your account: {', '.join(fields)}"}
    files |= {part.name: part.meaning for part in parts if not isinstance(part, Field)}
    lines = [_entry(name, meaning) for name, meaning in files.items()]
    return "\n".join(
        ["This is what the blog knows about you.", "", *lines, "", "Passwords and other secrets are not included.", ""]
    )


def _entry(name: str, meaning: str) -> str:
    return fill(f"{name:{_COLUMN - 1}} {meaning}", _WIDTH, subsequent_indent=" " * _COLUMN)
