"""Cursors: opaque texts that mark where a page of a list ended."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from app.core.errors import InvalidCursor

Value = datetime | str | int
_MAX_INT = 2**63 - 1


def encode_cursor(list_name: str, values: Sequence[Value]) -> str:
    """The cursor after the row with these sort values; `list_name` says which list and order they belong to."""
    parts = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps([list_name, *parts]).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, list_name: str, types: Sequence[type]) -> list[Value]:
    """The sort values in `cursor`. Raises `InvalidCursor` unless it was made for that list."""
    try:
        name, *parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True))
        if name != list_name or len(parts) != len(types):
            raise InvalidCursor(field="cursor")
        return [_parse(part, kind) for part, kind in zip(parts, types, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidCursor(field="cursor") from error


def _parse(part: object, kind: type) -> Value:
    if kind is datetime and isinstance(part, str):
        moment = datetime.fromisoformat(part)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    if kind is int and type(part) is int and abs(part) <= _MAX_INT:
        return part
    if kind is str and isinstance(part, str) and "\x00" not in part:
        part.encode()  # half of a surrogate pair cannot be asked for
        return part
    raise ValueError("not a value of this type")
