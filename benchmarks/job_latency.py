"""How long it takes from a commit to the handler of a job: `python -m benchmarks.job_latency`.

The other process is stood in for by connections, and news of the database, of its own.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.db.changes.listeners import listener_for
from app.db.session import open_database
from app.process import process_context
from app.queue.kinds import register_job
from app.queue.worker import JobWorker
from app.unit_of_work import unit_of_work
from tests.conftest import settings_for
from tests.support.databases import postgresql_template, sqlite_template
from tests.support.job_kinds import NUMBER, Number, enqueue

_JOBS = 50
_handled: asyncio.Queue[float] = asyncio.Queue()


async def _handle(_unit: Any, _payload: Number) -> None:
    _handled.put_nowait(time.perf_counter())


async def _measure(name: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        process = process_context(settings_for(url, Path(folder)))
    here, elsewhere = open_database(url), open_database(url)
    stopping = asyncio.Event()
    working = [
        asyncio.create_task(listener_for(url, here.invalidations, here.wake_ups).run(stopping)),
        asyncio.create_task(JobWorker(here, process, unit_of_work).run(stopping)),
    ]
    await asyncio.sleep(5)
    for where, database in (("the same", here), ("another", elsewhere)):
        app = FastAPI()
        app.state.database, app.state.process = database, process
        seconds = []
        for _ in range(_JOBS):
            await enqueue(app, 1)
            committed = time.perf_counter()
            seconds.append(await _handled.get() - committed)
            await asyncio.sleep(0.05)
        median, worst = statistics.median(seconds) * 1000, max(seconds) * 1000
        print(f"{name}, {where} process: median {median:.1f} ms, slowest {worst:.0f} ms")
    stopping.set()
    await asyncio.gather(*working)
    await here.dispose()
    await elsewhere.dispose()


async def main() -> None:
    """Measure on both databases."""
    register_job(NUMBER, _handle)
    with tempfile.TemporaryDirectory() as folder:
        async with sqlite_template(Path(folder)) as template:
            await _measure("SQLite", template.url)
    async with postgresql_template() as template:
        await _measure("PostgreSQL", template.url)


if __name__ == "__main__":
    asyncio.run(main())
