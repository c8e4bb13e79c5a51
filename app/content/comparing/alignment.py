"""What has changed between two sequences of tokens, found with a bounded amount of work.

The longest common subsequence, which takes time and memory for every pair of tokens, is looked for as long as the work
lasts. Where a stretch would take more, what occurs once in both texts divides it; what is still too long then counts as
replaced. No clock has any part in it: the same texts always give the same changes.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import attrgetter

from rapidfuzz.distance import LCSseq

# Pairs of tokens that all stretches together may take: a tenth of a second, and 25 MB.
_MOST_PAIRS = 200_000_000
# Characters of all texts together that are cut into words, which takes a quarter of a second.
_MOST_IN_WORDS = 300_000
# Stretches that are divided further, however short they are: what each takes besides adds up to half a second.
_MOST_STRETCHES = 8_000
# Characters that have changed together, beyond which what has stayed between changes always divides them.
_MOST_TOGETHER = 10_000


@dataclass(frozen=True)
class Change:
    """The old tokens from `start` to `stop` have become the new ones from `new_start` to `new_stop`."""

    start: int
    stop: int
    new_start: int
    new_stop: int


class Aligner:
    """Finds changes, with work for one pair of texts and whatever is compared within them."""

    def __init__(self) -> None:
        self._pairs = _MOST_PAIRS
        self._characters = _MOST_IN_WORDS
        self._stretches = _MOST_STRETCHES

    def changes(self, old: Sequence[str], new: Sequence[str]) -> list[Change]:
        """The changes in order; between any two there is at least one token that has stayed."""
        numbers: dict[str, int] = {}
        old_ids = [numbers.setdefault(token, len(numbers)) for token in old]
        new_ids = [numbers.setdefault(token, len(numbers)) for token in new]
        differing = _trimmed(old_ids, new_ids)
        changes = list(_gaps(differing, self._same(old_ids, new_ids, differing)))
        ends = [following.start - 1 for following in changes[1:]] + [len(old)]
        return [_slid(change, old_ids, new_ids, end) for change, end in zip(changes, ends, strict=False)]

    def tidy_changes(self, old: Sequence[str], new: Sequence[str]) -> list[Change]:
        """Likewise, but changes are one where what has stayed between them is less than either.

        Two sentences with a few words in common are different sentences.
        """
        old_sizes, new_sizes = (list(accumulate(map(len, tokens), initial=0)) for tokens in (old, new))

        def size(change: Change) -> int:
            return max(
                old_sizes[change.stop] - old_sizes[change.start],
                new_sizes[change.new_stop] - new_sizes[change.new_start],
            )

        tidy: list[Change] = []
        for following in self.changes(old, new):
            change = following
            while tidy:
                stayed = old_sizes[change.start] - old_sizes[tidy[-1].stop]
                together = Change(tidy[-1].start, change.stop, tidy[-1].new_start, change.new_stop)
                if stayed > min(size(tidy[-1]), size(change)) or size(together) > _MOST_TOGETHER:
                    break
                change = together
                tidy.pop()
            tidy.append(change)
        return tidy

    def affords_stretch(self) -> bool:
        """Whether another stretch is to be divided, or counts as wholly different. Call it once for each."""
        self._stretches -= 1
        return self._stretches >= 0

    def affords_words(self, *texts: str) -> bool:
        """Whether these are to be compared in words, or count as wholly different."""
        characters = sum(map(len, texts))
        if characters > self._characters:
            return False
        self._characters -= characters
        return True

    def _same(self, old: list[int], new: list[int], within: Change) -> list[Change]:
        """What is the same, in order, as stretches of equal length."""
        if self._affords(within):
            return list(_common(old, new, within))
        anchors = _anchors(old, new, within)
        between = [gap for gap in _gaps(within, anchors) if self._affords(gap)]
        same = chain(anchors, *(_common(old, new, gap) for gap in between))
        return sorted(same, key=attrgetter("start"))

    def _affords(self, stretch: Change) -> bool:
        pairs = (stretch.stop - stretch.start) * (stretch.new_stop - stretch.new_start)
        if pairs > self._pairs:
            return False
        self._pairs -= pairs
        return True


def _trimmed(old: list[int], new: list[int]) -> Change:
    """What is left without what is the same at the beginning and at the end."""
    shorter = min(len(old), len(new))
    first = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    rest = shorter - first
    last = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    return Change(first, len(old) - last, first, len(new) - last)


def _slid(change: Change, old: list[int], new: list[int], end: int) -> Change:
    """What was only inserted or deleted, as late as it can be said to have been: a paragraph with the gap below it."""
    start, new_start = change.start, change.new_start
    olds, news = change.stop - start, change.new_stop - new_start
    if olds and news:
        return change
    tokens, size = (old, olds) if olds else (new, news)
    first = start if olds else new_start
    steps = 0
    while start + olds + steps < end and tokens[first + steps] == tokens[first + size + steps]:
        steps += 1
    return Change(start + steps, change.stop + steps, new_start + steps, change.new_stop + steps)


def _common(old: list[int], new: list[int], within: Change) -> Iterator[Change]:
    """A longest common subsequence."""
    steps = LCSseq.opcodes(old[within.start : within.stop], new[within.new_start : within.new_stop])
    for step in steps:
        if step.tag == "equal":
            yield Change(
                within.start + step.src_start,
                within.start + step.src_end,
                within.new_start + step.dest_start,
                within.new_start + step.dest_end,
            )


def _anchors(old: list[int], new: list[int], within: Change) -> list[Change]:
    """The longest row of tokens in the same order that occur once in both (as in a patience sort)."""
    once = _once(old[within.start : within.stop]) & _once(new[within.new_start : within.new_stop])
    places = {old[index]: index for index in range(within.start, within.stop) if old[index] in once}
    rows: list[tuple[int, int, int]] = []
    # By the length of a row: the least place in which such a row ends, and where it stands in `rows`.
    ends: list[int] = []
    lasts: list[int] = []
    for new_index in range(within.new_start, within.new_stop):
        place = places.get(new[new_index])
        if place is None:
            continue
        length = bisect_left(ends, place)
        rows.append((place, new_index, lasts[length - 1] if length else -1))
        ends[length : length + 1] = [place]
        lasts[length : length + 1] = [len(rows) - 1]
    return _row(rows, lasts[-1] if lasts else -1)


def _once(ids: list[int]) -> set[int]:
    return {number for number, count in Counter(ids).items() if count == 1}


def _row(rows: list[tuple[int, int, int]], last: int) -> list[Change]:
    row: list[Change] = []
    while last >= 0:
        place, new_index, last = rows[last]
        row.append(Change(place, place + 1, new_index, new_index + 1))
    return row[::-1]


def _gaps(whole: Change, same: list[Change]) -> Iterator[Change]:
    """What of the whole is left between stretches that are the same."""
    start, new_start = whole.start, whole.new_start
    for stretch in [*same, Change(whole.stop, whole.stop, whole.new_stop, whole.new_stop)]:
        if stretch.start > start or stretch.new_start > new_start:
            yield Change(start, stretch.start, new_start, stretch.new_start)
        start, new_start = stretch.stop, stretch.new_stop
