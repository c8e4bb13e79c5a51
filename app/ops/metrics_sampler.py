"""Samples metrics that are not pushed: connection pool and cache usage, and what domains read from the database."""

import asyncio

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import Pool, QueuePool

from app.cache import metrics as cache_metrics
from app.cache.store import ResponseStore
from app.core.background import repeat
from app.core.metrics import Counter, Number, exposition, shared_folder
from app.core.timeouts import hard_timeout
from app.db import metrics as db_metrics
from app.db.errors import CONNECTION_ERRORS
from app.db.session import Database

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
        if shared_folder() is None:
            return

        async def sample() -> bool:
            self._sample(database)
            return False

        await repeat("measuring", sample, _SAMPLE_SECONDS, stopping)
        self._sample(database)

    async def report(self, database: Database) -> bytes:
        """All metrics, in Prometheus format. Without a database, whatever is known without it."""
        self._sample(database)
        numbers = await _momentary_numbers(database)
        # In a thread: where there are many processes, there are many files to read.
        return await asyncio.to_thread(exposition, numbers)

    def _sample(self, database: Database) -> None:
        for name, pool in _pools(database).items():
            if isinstance(pool, QueuePool):
                db_metrics.pool_in_use.labels(name).set(pool.checkedout())
                db_metrics.pool_open.labels(name).set(pool.checkedout() + pool.checkedin())
                db_metrics.pool_size.labels(name).set(pool.size())
        if self._store is not None:
            cache_metrics.entries.set(len(self._store))
            cache_metrics.size_bytes.set(self._store.bytes)
            self._advance(cache_metrics.hits_total, self._store.hits)
            self._advance(cache_metrics.fills_total, self._store.fills)
            self._advance(cache_metrics.invalidations_total, self._store.invalidations)

    def _advance(self, counter: Counter, total: int) -> None:
        counter.inc(total - self._seen.get(counter, 0))
        self._seen[counter] = total


def _pools(database: Database) -> dict[str, Pool]:
    if database.engine is database.reading_engine:
        return {"shared": database.engine.pool}
    return {"writing": database.engine.pool, "reading": database.reading_engine.pool}


async def _momentary_numbers(database: Database) -> dict[str, Number]:
    async def read() -> dict[str, Number]:
        async with database.reading() as session:
            return await db_metrics.momentary_numbers(session)

    try:
        return await hard_timeout(TIMEOUT_SECONDS, read())
    except _UNREACHABLE:
        return {}
