"""A timeout for work that may never finish."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def hard_timeout(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of some work. Raises `TimeoutError` after this time.

    Unlike `asyncio.timeout`, it does so promptly: it does not wait until a hanging connection reacts to being
    cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.add_done_callback(_forget)
            task.cancel()
    if not done:
        raise TimeoutError
    return task.result()


def _forget(task: "asyncio.Task[Any]") -> None:
    # Nobody waits for it any more; asyncio would complain about an error that nobody has looked at.
    if not task.cancelled():
        task.exception()
