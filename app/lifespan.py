"""What runs while the app does: the database, the listener, the worker that runs jobs, and backups."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from fastapi import FastAPI

from app.content.services.redirect_hits import RedirectHits
from app.core.client import Client
from app.core.config import Settings
from app.db.changes.listeners import InvalidationListener, listener_for
from app.db.replica import ReplicaReadPool
from app.db.session import open_database, open_read_pool, request_limits, worker_limits
from app.queue.worker import JobWorker
from app.unit_of_work import unit_of_work

# How long jobs that are running may hold up the end, after the requests in flight have finished.
FINISH_JOBS_SECONDS = 5
_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what requests need, run background work, and finish it when the server stops."""
    settings: Settings = app.state.settings
    database = open_database(settings.database_url, request_limits(settings))
    background = open_database(settings.database_url, worker_limits(settings), beside=database)
    listener = listener_for(settings.direct_url, database.invalidations, database.wake_ups)
    workers: list[JobWorker | InvalidationListener | ReplicaReadPool] = [
        JobWorker(background, app.state.process, unit_of_work),
        listener,
    ]
    if settings.database_replica_url is not None:
        replica = open_read_pool(settings.database_replica_url, request_limits(settings))
        pool = ReplicaReadPool(database.read_pool, replica, listener.is_current)
        database.invalidations.subscribe(pool.note_changes)
        database = replace(database, read_pool=pool)
        workers.append(pool)
    app.state.database = database
    app.state.response_cache.follow(database.invalidations, listener)
    stopping = asyncio.Event()
    working = [asyncio.create_task(worker.run(stopping)) for worker in workers]
    working.append(asyncio.create_task(app.state.metrics_sampler.run(database, stopping)))
    working.append(asyncio.create_task(app.state.backups.run(stopping)))
    hits = app.state.process.share(RedirectHits)
    open_unit = partial(unit_of_work, background.writing, app.state.process, Client("", "hits of redirects"))
    working.append(asyncio.create_task(hits.run(open_unit, stopping)))
    for task in working:
        task.add_done_callback(_complain)
    try:
        yield
    finally:
        stopping.set()
        # Cut short, a job is put back; a mail might leave twice.
        _, late = await asyncio.wait(working, timeout=FINISH_JOBS_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await app.state.process.limiter.aclose()
        await background.dispose()
        await database.dispose()


def _complain(task: "asyncio.Task[None]") -> None:
    """Log the error of background work, which would go unnoticed as nothing awaits it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("work beside the requests has ended", exc_info=error)
