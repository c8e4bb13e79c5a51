"""Samples metrics that are not pushed: connection pool and cache usage, and the state of the outbox."""

import asyncio
from typing import Any

from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from app.cache.store import ResponseStore
from app.core import metrics
from app.core.background import repeat
from app.core.timeouts import hard_timeout
from app.db.errors import CONNECTION_ERRORS
from app.db.session import Database
from app.mail.outbox_status import OutboxStatus, outbox_status

TIMEOUT_SECONDS = 1.0
_SAMPLE_SECONDS = 1.0
_UNREACHABLE: tuple[type[Exception], ...] = (SQLAlchemyError, *CONNECTION_ERRORS)


class MetricsSampler:
    """Copies into the metrics what is counted elsewhere as plain numbers, because that costs nothing there."""

    def __init__(self, store: ResponseStore | None = None) -> None:
        self._store = store
        self._seen: dict[Counter, int] = {}

    async def run(self, database: Database, stopping: asyncio.Event) -> None:
        """With several processes, sample every second, as only one is scraped and reports the numbers of all."""
        if metrics.shared_folder() is None:
            return

        async def sample() -> bool:
            self._sample(database)
            return False

        await repeat("measuring", sample, _SAMPLE_SECONDS, stopping)
        self._sample(database)

    async def report(self, database: Database) -> bytes:
        """All metrics, in Prometheus format. Without a database, whatever is known without it."""
        self._sample(database)
        outbox = await _outbox(database)
        # In a thread: where there are many processes, there are many files to read.
        return await asyncio.to_thread(metrics.exposition, _numbers(outbox) if outbox else {})

    def _sample(self, database: Database) -> None:
        pool: Any = database.engine.pool
        if isinstance(pool, QueuePool):
            metrics.pool_in_use.set(pool.checkedout())
            metrics.pool_open.set(pool.checkedout() + pool.checkedin())
            metrics.pool_size.set(pool.size())
        if self._store is not None:
            metrics.cache_entries.set(len(self._store))
            metrics.cache_bytes.set(self._store.bytes)
            self._advance(metrics.cache_hits_total, self._store.hits)
            self._advance(metrics.cache_fills_total, self._store.fills)
            self._advance(metrics.cache_invalidations_total, self._store.invalidations)

    def _advance(self, counter: Counter, total: int) -> None:
        counter.inc(total - self._seen.get(counter, 0))
        self._seen[counter] = total


async def _outbox(database: Database) -> OutboxStatus | None:
    async def ask() -> OutboxStatus:
        async with database.reading() as session:
            return await outbox_status(session)

    try:
        return await hard_timeout(TIMEOUT_SECONDS, ask())
    except _UNREACHABLE:
        return None


def _numbers(outbox: OutboxStatus) -> dict[str, tuple[str, float]]:
    return {
        "outbox_waiting_mails": ("Emails that have not been sent yet.", outbox.waiting),
        "outbox_oldest_due_seconds": ("How long the next email has been overdue.", outbox.oldest_due_seconds),
        "outbox_dead_mails": ("Emails that were given up on.", outbox.dead),
    }
