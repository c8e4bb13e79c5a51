"""What runs while the app does: the database, the listener, the worker that runs jobs, and backups."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from fastapi import FastAPI

from app.content.services.redirect_hits import RedirectHits
from app.content.services.schedule_renewal import renew_schedules
from app.core.client import Client
from app.core.config import Settings
from app.db.changes.listeners import InvalidationListener, listener_for
from app.db.replica import ReplicaReadPool
from app.db.session import Database, open_database, open_read_pool, request_limits, worker_limits
from app.process import ProcessContext
from app.queue.worker import JobWorker
from app.unit_of_work import unit_of_work

# How long jobs that are running may hold up the end, after the requests in flight have finished.
FINISH_JOBS_SECONDS = 5
# How long what is due may hold up the start: the worker does the rest.
CATCH_UP_SECONDS = 10
_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what requests need, run background work, and finish it when the server stops."""
    settings: Settings = app.state.settings
    database = open_database(settings.database_url, request_limits(settings))
    background = open_database(settings.database_url, worker_limits(settings), beside=database)
    listener = listener_for(settings.direct_url, database.invalidations, database.wake_ups)
    worker = JobWorker(background, app.state.process, unit_of_work)
    workers: list[JobWorker | InvalidationListener | ReplicaReadPool] = [worker, listener]
    if settings.database_replica_url is not None:
        replica = open_read_pool(settings.database_replica_url, request_limits(settings))
        pool = ReplicaReadPool(database.read_pool, replica, listener.is_current)
        database.invalidations.subscribe(pool.note_changes)
        database = replace(database, read_pool=pool)
        workers.append(pool)
    app.state.database = database
    app.state.response_cache.follow(database.invalidations, listener)
    await _catch_up(worker, background, app.state.process)
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


async def _catch_up(worker: JobWorker, database: Database, process: ProcessContext) -> None:
    """Do before the first answer what should have happened while no server ran."""
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            async with unit_of_work(database.writing, process, Client("", "the start of a server")) as unit:
                await renew_schedules(unit)
            await worker.catch_up()
    except Exception as error:  # noqa: BLE001 - what is left is done as soon as it can be
        _log.warning("what was due before the start is not done yet: %r", error)


def _complain(task: "asyncio.Task[None]") -> None:
    """Log the error of background work, which would go unnoticed as nothing awaits it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("work beside the requests has ended", exc_info=error)
