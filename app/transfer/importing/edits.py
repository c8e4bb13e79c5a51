"""Changes of a text, gathered first and applied at once."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """What to put in place of a part of the text."""

    start: int
    end: int
    replacement: str = ""


def applied(text: str, edits: Sequence[Edit], start: int = 0, end: int | None = None) -> str:
    """The text from `start` to `end`, with those of the edits applied that lie in it: in order, without overlaps."""
    end = len(text) if end is None else end
    pieces = []
    for number in range(bisect_left(edits, Edit(start, start)), len(edits)):
        edit = edits[number]
        if edit.end > end:
            break
        pieces += [text[start : edit.start], edit.replacement]
        start = edit.end
    return "".join([*pieces, text[start:end]])
