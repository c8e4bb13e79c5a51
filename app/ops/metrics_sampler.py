"""Samples metrics that are not pushed: connection pool and cache usage, and the state of the queue of jobs."""

import asyncio
from collections.abc import Sequence
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
from app.queue.status import KindStatus, queue_status

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
        kinds = await _kinds(database)
        # In a thread: where there are many processes, there are many files to read.
        return await asyncio.to_thread(metrics.exposition, _numbers(kinds) if kinds else {})

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


async def _kinds(database: Database) -> Sequence[KindStatus]:
    async def ask() -> Sequence[KindStatus]:
        async with database.reading() as session:
            return await queue_status(session)

    try:
        return await hard_timeout(TIMEOUT_SECONDS, ask())
    except _UNREACHABLE:
        return []


def _numbers(kinds: Sequence[KindStatus]) -> dict[str, tuple[str, dict[str, float]]]:
    return {
        "jobs_waiting": ("Jobs that have not been done yet.", {kind.kind: kind.waiting for kind in kinds}),
        "jobs_oldest_due_seconds": (
            "How long the next job has been overdue.",
            {kind.kind: kind.oldest_due_seconds for kind in kinds},
        ),
        "jobs_dead": ("Jobs that were given up on.", {kind.kind: kind.dead for kind in kinds}),
    }
