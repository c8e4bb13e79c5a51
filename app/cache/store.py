"""Stores public responses until something that they show changes or there is no more room."""

import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable

from app.cache.entry import CachedResponse
from app.cache.keys import EVERYTHING

# What somebody requests: the path and the query, as they were sent.
CacheKey = tuple[str, bytes]
# The database can be changed behind this software's back, by hand or by a restored backup: that shows after this time.
MAX_AGE_SECONDS = 300.0
# One entry takes at most this part of the room, so that it does not evict too many others.
_MAX_SHARE = 8
# Fills that began before the oldest invalidation that is remembered are discarded.
_REMEMBERED_INVALIDATIONS = 1000


class ResponseStore:
    """The least recently used entries are evicted first. The counts only grow."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[CacheKey, CachedResponse] = OrderedDict()
        self._by_surrogate_key: defaultdict[str, set[CacheKey]] = defaultdict(set)
        self._recent: deque[frozenset[str]] = deque(maxlen=_REMEMBERED_INVALIDATIONS)
        self.bytes = 0
        self.hits = 0
        self.fills = 0
        self.invalidations = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: CacheKey) -> CachedResponse | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if time.monotonic() - entry.created_at > MAX_AGE_SECONDS:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry

    def version(self) -> int:
        """What to pass to `put` and `is_outdated`; taken before the app is asked for a response."""
        return self.invalidations

    def is_outdated(self, entry: CachedResponse, version: int) -> bool:
        """Whether something that a response shows has been invalidated since that version of the store."""
        missed = self.invalidations - version
        if missed > len(self._recent):
            return True
        recent = (self._recent[-1 - number] for number in range(missed))
        return any(EVERYTHING in keys or not keys.isdisjoint(entry.keys) for keys in recent)

    def put(self, key: CacheKey, entry: CachedResponse, version: int) -> None:
        """Store a response that was begun at that version, unless it is outdated by now, or too large."""
        self.fills += 1
        if self.is_outdated(entry, version) or entry.size > self._max_bytes // _MAX_SHARE:
            return
        if key in self._entries:
            self._remove(key)
        self._entries[key] = entry
        self.bytes += entry.size
        for surrogate_key in entry.keys:
            self._by_surrogate_key[surrogate_key].add(key)
        while self.bytes > self._max_bytes:
            self._remove(next(iter(self._entries)))

    def invalidate(self, surrogate_keys: Iterable[str]) -> None:
        """Drop the responses that carry any of these, those that are still being made included."""
        changed = frozenset(surrogate_keys)
        self.invalidations += 1
        self._recent.append(changed)
        if EVERYTHING in changed:
            self._entries.clear()
            self._by_surrogate_key.clear()
            self.bytes = 0
            return
        for surrogate_key in changed:
            for key in self._by_surrogate_key.get(surrogate_key, set()).copy():
                self._remove(key)

    def _remove(self, key: CacheKey) -> None:
        entry = self._entries.pop(key)
        self.bytes -= entry.size
        for surrogate_key in entry.keys:
            carriers = self._by_surrogate_key[surrogate_key]
            carriers.discard(key)
            if not carriers:
                del self._by_surrogate_key[surrogate_key]
