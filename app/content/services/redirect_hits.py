"""How often redirects were used: counted in memory, and added to the database together, beside the requests."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial

from sqlalchemy import Update, bindparam, case, or_, update

from app.content.models import Redirect
from app.core import clock
from app.core.background import repeat
from app.core.config import Settings
from app.db.base import BigId, UtcDateTime
from app.unit_of_work import UnitOfWork

WRITE_SECONDS = 5.0
OpenUnit = Callable[[], AbstractAsyncContextManager[UnitOfWork]]


class RedirectHits:
    """What a process has counted and not written yet. Shared by its units of work."""

    def __init__(self, _settings: Settings) -> None:
        self._counted: Counter[int] = Counter()
        self._last: dict[int, datetime] = {}

    def count(self, redirect_id: int) -> None:
        self._counted[redirect_id] += 1
        self._last[redirect_id] = clock.now()

    async def run(self, open_unit: OpenUnit, stopping: asyncio.Event) -> None:
        """Write from time to time until told to stop, and then once more."""
        await repeat("counting redirects", partial(self.write, open_unit), WRITE_SECONDS, stopping)
        await self.write(open_unit)

    async def write(self, open_unit: OpenUnit) -> bool:
        """Add what was counted to what other processes have written; returns False, as there is no hurry to go on."""
        counted, last = self._counted, self._last
        if not counted:
            return False
        self._counted, self._last = Counter(), {}
        try:
            async with open_unit() as unit:
                # In one order, or two processes would wait for each other.
                rows = [{"redirect": key, "number": counted[key], "at": last[key]} for key in sorted(counted)]
                connection = await unit.session.connection()
                await connection.execute(_ADDITION, rows)
        except BaseException:
            # For the next time.
            self._counted.update(counted)
            self._last = {**last, **self._last}
            raise
        return False


def _addition() -> Update:
    at = bindparam("at", type_=UtcDateTime)
    is_later = or_(Redirect.last_hit_at.is_(None), Redirect.last_hit_at < at)
    return (
        update(Redirect)
        .where(Redirect.id == bindparam("redirect", type_=BigId))
        .values(
            hits=Redirect.hits + bindparam("number"),
            last_hit_at=case((is_later, at), else_=Redirect.last_hit_at),
            # Nobody has changed it.
            updated_at=Redirect.updated_at,
        )
    )


_ADDITION = _addition()
