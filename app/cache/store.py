"""Keeps ready answers, until something that they show changes or there is no more room."""

import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable

from app.cache.entry import Answer
from app.cache.keys import EVERYTHING

# What somebody asks for: the path and the query, as they were sent.
Request = tuple[str, bytes]
# The database can be changed behind this software's back, by hand or by a restored backup: that shows after this time.
LONGEST_SECONDS = 300.0
# No answer may take more than this part of the room, and drive out too many others.
_LARGEST_SHARE = 8
# Fills that began before the oldest purge that is remembered are thrown away.
_REMEMBERED_PURGES = 1000


class AnswerStore:
    """Answers by what is asked for, and by the keys of what they show. The counts only grow."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._answers: OrderedDict[Request, Answer] = OrderedDict()
        self._showing: defaultdict[str, set[Request]] = defaultdict(set)
        self._purges: deque[frozenset[str]] = deque(maxlen=_REMEMBERED_PURGES)
        self.bytes = 0
        self.hits = 0
        self.fills = 0
        self.purges = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, request: Request) -> Answer | None:
        answer = self._answers.get(request)
        if answer is None:
            return None
        if time.monotonic() - answer.made_at > LONGEST_SECONDS:
            self._remove(request)
            return None
        self._answers.move_to_end(request)
        self.hits += 1
        return answer

    def mark(self) -> int:
        """The present moment, to be named before an answer is made."""
        return self.purges

    def is_outdated(self, answer: Answer, mark: int) -> bool:
        """Whether something that an answer shows has changed since that moment."""
        missed = self.purges - mark
        if missed > len(self._purges):
            return True
        recent = (self._purges[-1 - number] for number in range(missed))
        return any(EVERYTHING in keys or not keys.isdisjoint(answer.keys) for keys in recent)

    def put(self, request: Request, answer: Answer, mark: int) -> None:
        """Keep an answer whose making began at that moment, unless it is out of date already or too large."""
        self.fills += 1
        if self.is_outdated(answer, mark) or answer.size > self._most_bytes // _LARGEST_SHARE:
            return
        if request in self._answers:
            self._remove(request)
        self._answers[request] = answer
        self.bytes += answer.size
        for key in answer.keys:
            self._showing[key].add(request)
        while self.bytes > self._most_bytes:
            self._remove(next(iter(self._answers)))

    def purge(self, keys: Iterable[str]) -> None:
        """Forget the answers that show any of these, also those that are being made."""
        changed = frozenset(keys)
        self.purges += 1
        self._purges.append(changed)
        if EVERYTHING in changed:
            self._answers.clear()
            self._showing.clear()
            self.bytes = 0
            return
        for key in changed:
            for request in self._showing.get(key, set()).copy():
                self._remove(request)

    def _remove(self, request: Request) -> None:
        answer = self._answers.pop(request)
        self.bytes -= answer.size
        for key in answer.keys:
            requests = self._showing[key]
            requests.discard(request)
            if not requests:
                del self._showing[key]
