"""Whose text is rendered next: accounts take turns, so that nobody waits for more than one text of each other one."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import Event, move_on_after

from app.content.errors import RenderingUnavailable
from app.core.errors import Unavailable

# A script that moves a blog here sends several articles at once; more would only wait for each other.
MAX_WAITING_OF_ACCOUNT = 32
# A text that waits is held in memory, an article's with up to 3 MB.
MAX_WAITING = 64
# Together with rendering it takes less than the minute for which proxies and clients commonly wait.
SECONDS_TO_WAIT = 20.0


class _Place:
    """A place in the queue: whoever has it waits until it is decided whether they get a turn."""

    def __init__(self) -> None:
        self.decided = Event()
        self.has_turn = False


class Turns:
    """Lets a bounded number of texts be rendered at a time, and never two of one account.

    Accounts that wait come in the order in which they had their last turn; the texts of one, as they arrived. Where
    too many wait, those who have the most waiting make room for others.
    """

    def __init__(self, at_once: int, refusal: type[Unavailable] = RenderingUnavailable) -> None:
        self._free = at_once
        self._refusal = refusal
        self._rendering: set[int | None] = set()
        self._waiting: OrderedDict[int | None, deque[_Place]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, account_id: int | None) -> AsyncIterator[None]:
        """Wait for the account's turn, which ends with the block. Raises the refusal.

        `None` stands for the command line.
        """
        if self._free and account_id not in self._rendering:
            # Whoever waits and could begin has begun already.
            self._begin(account_id)
        else:
            await self._wait(account_id)
        try:
            yield
        finally:
            self._end(account_id)

    def _begin(self, account_id: int | None) -> None:
        self._free -= 1
        self._rendering.add(account_id)

    def _end(self, account_id: int | None) -> None:
        self._free += 1
        self._rendering.remove(account_id)
        if account_id in self._waiting:
            self._waiting.move_to_end(account_id)
        following = next((waiting for waiting in self._waiting if waiting not in self._rendering), account_id)
        if following in self._waiting:
            called = self._waiting[following].popleft()
            self._forget_if_done(following)
            self._begin(following)
            called.has_turn = True
            called.decided.set()

    async def _wait(self, account_id: int | None) -> None:
        place = self._queue(account_id)
        try:
            with move_on_after(SECONDS_TO_WAIT):
                await place.decided.wait()
        except BaseException:
            self._leave(account_id, place)
            if place.has_turn:
                self._end(account_id)
            raise
        if not place.has_turn:
            self._leave(account_id, place)
            raise self._refusal

    def _queue(self, account_id: int | None) -> _Place:
        own = len(self._waiting.get(account_id, ()))
        if own >= MAX_WAITING_OF_ACCOUNT:
            raise self._refusal
        if sum(map(len, self._waiting.values())) >= MAX_WAITING:
            self._make_room(own)
        place = _Place()
        self._waiting.setdefault(account_id, deque()).append(place)
        return place

    def _make_room(self, own: int) -> None:
        """Send the last of those away who have the most waiting, unless whoever comes would have as many."""
        most = max(self._waiting.values(), key=len)
        if len(most) <= own + 1:
            raise self._refusal
        most.pop().decided.set()

    def _leave(self, account_id: int | None, place: _Place) -> None:
        if place in self._waiting.get(account_id, ()):
            self._waiting[account_id].remove(place)
            self._forget_if_done(account_id)

    def _forget_if_done(self, account_id: int | None) -> None:
        if not self._waiting[account_id]:
            del self._waiting[account_id]
