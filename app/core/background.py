"""Background work that goes on while the app runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

_MAX_PAUSE_SECONDS = 10.0
_log = logging.getLogger(__name__)


async def repeat(name: str, work: Callable[[], Awaitable[bool]], seconds: float, stopping: asyncio.Event) -> None:
    """Run rounds of work until told to stop, and finish the one in progress.

    A round returns whether there was anything to do: if so, the next follows at once, otherwise after this many
    seconds. A round that fails, for example because the database is unreachable, is retried after increasing pauses.
    """
    pause = seconds
    is_failing = False
    while not stopping.is_set():
        try:
            was_busy = await work()
        except Exception as error:  # noqa: BLE001 - it has to go on, whatever happens to one round
            pause = max(seconds, min(2 * pause, _MAX_PAUSE_SECONDS))
            # Once is enough for an outage, however long it takes.
            _log.log(logging.DEBUG if is_failing else logging.ERROR, "%s failed, and is tried again: %r", name, error)
            is_failing = True
            await _wait(stopping, pause)
            continue
        if is_failing:
            _log.warning("%s works again", name)
        is_failing = False
        pause = seconds
        if not was_busy:
            await _wait(stopping, pause)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
