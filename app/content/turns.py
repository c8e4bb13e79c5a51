"""Whose text is rendered next: accounts take turns, so that nobody waits for more than one text of each other one."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import Event, move_on_after

from app.content.errors import RenderingUnavailable

# A script that moves a blog here sends several articles at once; more would only wait for each other.
MAX_WAITING_OF_ACCOUNT = 32
# A text that waits is held in memory, an article's with up to 3 MB.
MAX_WAITING = 64
# Together with rendering it takes less than the minute for which proxies and clients commonly wait.
SECONDS_TO_WAIT = 20.0


class Turns:
    """Lets a bounded number of texts be rendered at a time, and never two of one account.

    Accounts that wait come in the order in which they had their last turn; the texts of one, as they arrived.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._rendering: set[int | None] = set()
        self._waiting: OrderedDict[int | None, deque[Event]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, account_id: int | None) -> AsyncIterator[None]:
        """Wait for the account's turn, which ends with the block. Raises `RenderingUnavailable`.

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
            called.set()

    async def _wait(self, account_id: int | None) -> None:
        called = self._queue(account_id)
        try:
            with move_on_after(SECONDS_TO_WAIT):
                await called.wait()
        except BaseException:
            self._leave(account_id, called)
            if called.is_set():
                self._end(account_id)
            raise
        if not called.is_set():
            self._leave(account_id, called)
            raise RenderingUnavailable

    def _queue(self, account_id: int | None) -> Event:
        of_account = self._waiting.get(account_id, ())
        if len(of_account) >= MAX_WAITING_OF_ACCOUNT or sum(map(len, self._waiting.values())) >= MAX_WAITING:
            raise RenderingUnavailable
        called = Event()
        self._waiting.setdefault(account_id, deque()).append(called)
        return called

    def _leave(self, account_id: int | None, called: Event) -> None:
        if called in self._waiting.get(account_id, ()):
            self._waiting[account_id].remove(called)
            self._forget_if_done(account_id)

    def _forget_if_done(self, account_id: int | None) -> None:
        if not self._waiting[account_id]:
            del self._waiting[account_id]
