"""Merging what two people have made of the same text.

Both are compared with what they began with, in lines. Where both changed the same lines, their sentences are compared,
and then the words of these. What only one side has changed is taken from that side. What both have changed is a
conflict for people to decide, and so is whatever is in doubt: a sentence is merged word by word only if there is no
conflict anywhere in it, and both sides have left a word alone between what each of them has changed.

A merge of the longest texts takes about a second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, groupby
from typing import Literal

from app.content.comparing.alignment import Aligner, Change
from app.content.comparing.tokens import has_words, lines, sentences, words

Side = Literal["mine", "theirs"]


@dataclass(frozen=True)
class Conflict:
    """What both sides have changed, as each of them has it. Without a known base, `base` is `None`."""

    base: str | None
    mine: str
    theirs: str


# Text that nobody has to decide about, or a conflict.
Hunk = str | Conflict


@dataclass(frozen=True)
class TextMerge:
    """A merged text as its hunks in order, which alternate; those that are texts are never empty."""

    hunks: tuple[Hunk, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(hunk for hunk in self.hunks if isinstance(hunk, Conflict))

    def resolved(self, side: Side) -> str:
        """The text with every conflict decided for this side; elsewhere it has what the other side has changed."""
        return "".join(hunk if isinstance(hunk, str) else _version(hunk, side) for hunk in self.hunks)


def merged_texts(base: str | None, mine: str, theirs: str) -> TextMerge:
    """Merge two versions of a text. Without the base that both began with, every difference is a conflict."""
    aligner = Aligner()
    if base is None:
        return TextMerge(tuple(_joined(_differences(aligner, mine, theirs))))
    return TextMerge(tuple(_joined(_merged(aligner, _LINES, base, mine, theirs))))


@dataclass(frozen=True)
class _Level:
    """A way to cut texts, and what may stand between changes of both sides that replace words so that both are made.

    The order of such changes is certain, but lines and words that touch may be one thought.
    """

    cut: Callable[[str], list[str]]
    changes: Callable[[Aligner, list[str], list[str]], list[Change]]
    may_touch: bool
    may_be_apart_by_space: bool
    finer: "_Level | None" = None


def _line_changes(aligner: Aligner, base: list[str], version: list[str]) -> list[Change]:
    """Changes with something between them that says where they are; a blank line could be any."""
    joined: list[Change] = []
    for change in aligner.changes(base, version):
        if joined and not has_words("".join(base[joined[-1].stop : change.start])):
            before = joined.pop()
            joined.append(Change(before.start, change.stop, before.new_start, change.new_stop))
        else:
            joined.append(change)
    return joined


_WORDS = _Level(words, Aligner.tidy_changes, may_touch=False, may_be_apart_by_space=False)
_SENTENCES = _Level(sentences, Aligner.changes, may_touch=True, may_be_apart_by_space=True, finer=_WORDS)
_LINES = _Level(lines, _line_changes, may_touch=False, may_be_apart_by_space=True, finer=_SENTENCES)


@dataclass
class _Cluster:
    """Changes of either side that cannot be made independently of each other."""

    changes: dict[Side, list[Change]] = field(default_factory=lambda: {"mine": [], "theirs": []})

    @property
    def start(self) -> int:
        return min(change.start for changes in self.changes.values() for change in changes)

    @property
    def stop(self) -> int:
        return max(changes[-1].stop for changes in self.changes.values() if changes)

    def version(self, side: Side, base: list[str], tokens: list[str]) -> str:
        """What the side has in the place of the base's tokens from `start` to `stop`."""
        changes = self.changes[side]
        if not changes:
            return "".join(base[self.start : self.stop])
        first, last = changes[0], changes[-1]
        return "".join(tokens[first.new_start - first.start + self.start : last.new_stop - last.stop + self.stop])


def _merged(aligner: Aligner, level: _Level, base: str, mine: str, theirs: str) -> Iterator[Hunk]:
    tokens = level.cut(base)
    versions: dict[Side, list[str]] = {"mine": level.cut(mine), "theirs": level.cut(theirs)}
    changes = {side: level.changes(aligner, tokens, version) for side, version in versions.items()}
    stayed = 0
    for cluster in _clusters(level, tokens, changes):
        yield "".join(tokens[stayed : cluster.start])
        texts = {side: cluster.version(side, tokens, version) for side, version in versions.items()}
        if all(cluster.changes.values()) and texts["mine"] != texts["theirs"]:
            whole = Conflict("".join(tokens[cluster.start : cluster.stop]), texts["mine"], texts["theirs"])
            yield from _refined(aligner, level.finer, whole)
        else:
            yield texts["mine"] if cluster.changes["mine"] else texts["theirs"]
        stayed = cluster.stop
    yield "".join(tokens[stayed:])


def _refined(aligner: Aligner, level: _Level | None, whole: Conflict) -> list[Hunk]:
    """What is left of a conflict if its parts are compared."""
    base, mine, theirs = whole.base or "", whole.mine, whole.theirs
    if level is None or (level is _WORDS and not aligner.affords_words(base, mine, theirs)):
        return [whole]
    hunks = list(_merged(aligner, level, base, mine, theirs))
    is_all_merged = all(isinstance(hunk, str) for hunk in hunks)
    return hunks if is_all_merged or level is not _WORDS else [whole]


def _clusters(level: _Level, tokens: list[str], changes: dict[Side, list[Change]]) -> list[_Cluster]:
    other: dict[Side, Side] = {"mine": "theirs", "theirs": "mine"}
    ordered = sorted(
        ((side, change) for side, some in changes.items() for change in some),
        key=lambda each: (each[1].start, each[1].stop),
    )
    # Of the base's first tokens, how many are more than space and punctuation.
    worded = list(accumulate(map(cache(has_words), tokens), initial=0))
    clusters: list[_Cluster] = []
    for side, change in ordered:
        nearest = clusters[-1].changes[other[side]][-1:] if clusters else []
        if not nearest or _are_apart(level, worded, nearest[0], change):
            clusters.append(_Cluster())
        clusters[-1].changes[side].append(change)
    return clusters


def _are_apart(level: _Level, worded: list[int], first: Change, second: Change) -> bool:
    if second.start < first.stop:
        return False
    if worded[second.start] > worded[first.stop]:
        return True
    # What is inserted in the same place, or beside what the other side has replaced, has no certain order.
    both_replace = all(worded[change.stop] > worded[change.start] for change in (first, second))
    return both_replace and (level.may_be_apart_by_space if second.start > first.stop else level.may_touch)


def _differences(aligner: Aligner, mine: str, theirs: str) -> Iterator[Hunk]:
    my_lines, their_lines = lines(mine), lines(theirs)
    stayed = 0
    for change in aligner.tidy_changes(my_lines, their_lines):
        yield "".join(my_lines[stayed : change.start])
        yield Conflict(
            None,
            "".join(my_lines[change.start : change.stop]),
            "".join(their_lines[change.new_start : change.new_stop]),
        )
        stayed = change.stop
    yield "".join(my_lines[stayed:])


def _joined(hunks: Iterator[Hunk]) -> Iterator[Hunk]:
    for is_text, row in groupby((hunk for hunk in hunks if hunk), key=lambda hunk: isinstance(hunk, str)):
        several = list(row)
        yield "".join(map(str, several)) if is_text else _one([each for each in several if isinstance(each, Conflict)])


def _one(row: list[Conflict]) -> Conflict:
    bases = [conflict.base for conflict in row if conflict.base is not None]
    return Conflict(
        "".join(bases) if len(bases) == len(row) else None,
        "".join(conflict.mine for conflict in row),
        "".join(conflict.theirs for conflict in row),
    )


def _version(conflict: Conflict, side: Side) -> str:
    return conflict.mine if side == "mine" else conflict.theirs
