"""The difference of two texts, as operations on words.

It is looked for in lines first, then in the sentences of lines that have changed, then in their words. The longest
texts take about a second, whatever is in them, and others some milliseconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from app.content.comparing.alignment import Aligner
from app.content.comparing.tokens import lines, sentences, words

Kind = Literal["equal", "insert", "delete"]
Cutter = Callable[[str], list[str]]


@dataclass(frozen=True)
class Operation:
    """The texts of all but the inserts, put together, are the old text; of all but the deletes, the new one."""

    kind: Kind
    text: str


def operations(old: str, new: str) -> list[Operation]:
    """What turns the old text into the new one, the same for the same texts. Between equal ones a delete comes first.

    No character that people see as one is divided.
    """
    return list(_joined(_operations(Aligner(), old, new, [lines, sentences, words])))


def _operations(aligner: Aligner, old: str, new: str, cutters: Sequence[Cutter]) -> Iterator[Operation]:
    if not (old and new and cutters and _is_affordable(aligner, old, new, cutters[0])):
        yield Operation("delete", old)
        yield Operation("insert", new)
        return
    cut, *finer = cutters
    olds, news = cut(old), cut(new)
    stayed = 0
    for change in aligner.tidy_changes(olds, news):
        yield Operation("equal", "".join(olds[stayed : change.start]))
        deleted = "".join(olds[change.start : change.stop])
        inserted = "".join(news[change.new_start : change.new_stop])
        yield from _operations(aligner, deleted, inserted, finer)
        stayed = change.stop
    yield Operation("equal", "".join(olds[stayed:]))


def _is_affordable(aligner: Aligner, old: str, new: str, cut: Cutter) -> bool:
    return aligner.affords_stretch() and (cut is not words or aligner.affords_words(old, new))


def _joined(steps: Iterator[Operation]) -> Iterator[Operation]:
    """One operation for each row of the same kind; deletes and inserts in a row are one of each."""
    kinds: dict[bool, list[Kind]] = {True: ["equal"], False: ["delete", "insert"]}
    for is_equal, row in groupby((step for step in steps if step.text), key=lambda step: step.kind == "equal"):
        several = list(row)
        for kind in kinds[is_equal]:
            text = "".join(step.text for step in several if step.kind == kind)
            if text:
                yield Operation(kind, text)
