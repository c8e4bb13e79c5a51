"""The difference of two texts as `diff -u` prints it."""

from collections.abc import Iterator

from app.content.comparing.alignment import Aligner, Change
from app.content.comparing.tokens import lines

CONTEXT_LINES = 3
_NO_END = "\\ No newline at end of file\n"


def unified(old: str, new: str, *, old_name: str, new_name: str) -> str:
    """Lines with `-`, `+` or a space before them, which `patch` reads too; nothing if the texts are the same."""
    old_lines, new_lines = lines(old), lines(new)
    hunks = _hunks(Aligner().changes(old_lines, new_lines))
    printed = [line for hunk in hunks for line in _hunk(hunk, old_lines, new_lines)]
    return "".join([f"--- {old_name}\n", f"+++ {new_name}\n", *printed]) if printed else ""


def _hunks(changes: list[Change]) -> list[list[Change]]:
    """Changes whose context meets, together."""
    hunks: list[list[Change]] = []
    for change in changes:
        if hunks and change.start - hunks[-1][-1].stop <= 2 * CONTEXT_LINES:
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _hunk(changes: list[Change], old: list[str], new: list[str]) -> Iterator[str]:
    first, last = changes[0], changes[-1]
    before = min(CONTEXT_LINES, first.start)
    after = min(CONTEXT_LINES, len(old) - last.stop)
    start, stop = first.start - before, last.stop + after
    yield f"@@ -{_range(start, stop)} +{_range(first.new_start - before, last.new_stop + after)} @@\n"
    for change in changes:
        yield from _marked(" ", old[start : change.start])
        yield from _marked("-", old[change.start : change.stop])
        yield from _marked("+", new[change.new_start : change.new_stop])
        start = change.stop
    yield from _marked(" ", old[start:stop])


def _range(start: int, stop: int) -> str:
    # Lines count from 1; a range without lines is named by the line before it.
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def _marked(mark: str, some: list[str]) -> Iterator[str]:
    for line in some:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n{_NO_END}"
