"""The worker while the app runs: woken at once, fair to all kinds, and finished when it is told to stop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.circuit_breaker import CircuitBreaker
from app.db.changes import listeners
from app.db.changes.listeners import listener_for
from app.db.session import open_database
from app.process import process_context
from app.queue import worker as worker_module
from app.queue.delivery import Delivery
from app.queue.errors import ServiceUnreachable
from app.queue.kinds import register_chore, register_delivery, register_job
from app.queue.worker import JobWorker
from app.unit_of_work import unit_of_work
from tests.conftest import settings_for
from tests.support.databases import Template
from tests.support.job_kinds import NUMBER, OTHER, Number, enqueue, stored
from tests.support.jobs import job_worker
from tests.support.outages import unusable_databases

# How long a test waits for what happens at once unless something is broken.
TIMEOUT_SECONDS = 20


@asynccontextmanager
async def running(worker: JobWorker) -> AsyncIterator[asyncio.Event]:
    """The worker runs inside the block; yields what tells it to stop."""
    stopping = asyncio.Event()
    task = asyncio.create_task(worker.run(stopping))
    try:
        with anyio.fail_after(TIMEOUT_SECONDS):
            yield stopping
    finally:
        stopping.set()
        await asyncio.wait([task], timeout=1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def become(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - nobody is to be told of it but those who ask
        await asyncio.sleep(0.005)


class Hanging:
    """A service that accepts jobs and never answers."""

    def __init__(self) -> None:
        self.number = 0
        self.may_go_on = asyncio.Event()

    async def __call__(self, _delivery: Any) -> None:
        self.number += 1
        await self.may_go_on.wait()


class Recorder:
    def __init__(self) -> None:
        self.numbers: list[int] = []

    async def __call__(self, _unit: Any, payload: Number) -> None:
        self.numbers.append(payload.number)


async def test_a_job_runs_as_soon_as_it_has_been_committed(live_app: FastAPI) -> None:
    """The worker would look by itself only a minute later."""
    recorder = Recorder()
    register_job(NUMBER, recorder)

    async with running(job_worker(live_app)):
        await asyncio.sleep(0.1)
        for number in range(3):
            await enqueue(live_app, number)
            await become(lambda number=number: len(recorder.numbers) == number + 1)  # type: ignore[misc]


async def test_a_job_runs_when_its_time_comes(live_app: FastAPI) -> None:
    recorder = Recorder()
    register_job(NUMBER, recorder)

    async with running(job_worker(live_app)):
        await enqueue(live_app, 1, run_at=clock.now() + timedelta(seconds=0.4))
        await asyncio.sleep(0.1)
        assert recorder.numbers == []
        await become(lambda: recorder.numbers == [1])


async def test_a_handler_that_hangs_occupies_only_its_slots(live_app: FastAPI) -> None:
    hanging, recorder = Hanging(), Recorder()
    register_delivery(NUMBER, hanging, slots=3)
    register_job(OTHER, recorder)
    await enqueue(live_app, *range(50))

    async with running(job_worker(live_app)):
        await become(lambda: hanging.number == 3)
        await enqueue(live_app, *range(20), kind=OTHER)
        await become(lambda: len(recorder.numbers) == 20)
        assert hanging.number == 3
        hanging.may_go_on.set()
        await become(lambda: hanging.number == 50)


async def test_a_thousand_jobs_of_a_kind_do_not_delay_another(live_app: FastAPI) -> None:
    done: list[int] = []
    recorder = Recorder()

    async def deliver(delivery: Delivery[Number]) -> None:
        await asyncio.sleep(0.01)
        done.append(delivery.payload.number)

    register_delivery(NUMBER, deliver, slots=2)
    register_job(OTHER, recorder)
    await enqueue(live_app, *range(1000))

    async with running(job_worker(live_app)):
        await become(lambda: len(done) > 2)
        await enqueue(live_app, 1, kind=OTHER)
        before = len(done)
        await become(lambda: recorder.numbers == [1])
        assert len(done) - before < 50


async def test_a_service_that_is_back_gets_its_jobs(live_app: FastAPI) -> None:
    """First one to find out, then the others; nobody asks again and again meanwhile."""
    tried: list[int] = []

    async def deliver(delivery: Delivery[Number]) -> None:
        tried.append(delivery.payload.number)
        if len(tried) <= 3:
            raise ServiceUnreachable

    register_delivery(
        NUMBER, deliver, slots=1, breaker=lambda: CircuitBreaker("the service of the tests", failures=3, pause=0.3)
    )
    await enqueue(live_app, *range(8))

    async with running(job_worker(live_app)):
        await become(lambda: len(tried) == 3)
        await asyncio.sleep(0.1)
        assert len(tried) == 3
        await become(lambda: len(tried) == 8)
    # Those that failed are put off.
    assert len(await stored(live_app)) == 3


async def test_what_is_running_is_finished_and_nothing_new_is_begun(live_app: FastAPI) -> None:
    hanging = Hanging()
    register_delivery(NUMBER, hanging, slots=2)
    await enqueue(live_app, *range(5))
    stopping = asyncio.Event()
    task = asyncio.create_task(job_worker(live_app).run(stopping))

    with anyio.fail_after(TIMEOUT_SECONDS):
        await become(lambda: hanging.number == 2)
        stopping.set()
        await asyncio.sleep(0.05)
        assert not task.done()
        hanging.may_go_on.set()
        await task

    assert hanging.number == 2
    assert [(job.lease, job.attempts) for job in await stored(live_app)] == [(None, 0)] * 3


async def test_what_cannot_be_finished_is_put_back(live_app: FastAPI) -> None:
    hanging = Hanging()
    register_delivery(NUMBER, hanging, slots=2)
    await enqueue(live_app, 1, 2)
    task = asyncio.create_task(job_worker(live_app).run(asyncio.Event()))

    with anyio.fail_after(TIMEOUT_SECONDS):
        await become(lambda: hanging.number == 2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    now = clock.now()
    assert [(job.lease, job.attempts, (job.run_at or now) <= now) for job in await stored(live_app)] == [
        (None, 0, True)
    ] * 2


async def test_chores_are_done_again_and_again_and_one_that_fails_stops_no_other(live_app: FastAPI) -> None:
    rounds = {"fails": 0, "works": 0}

    async def fail(_delivery: Any) -> None:
        rounds["fails"] += 1
        raise RuntimeError("no luck")

    async def work(_delivery: Any) -> None:
        rounds["works"] += 1

    register_chore("fails", fail, every=timedelta(seconds=0.1))
    register_chore("works", work, every=timedelta(seconds=0.1))

    async with running(job_worker(live_app)), running(job_worker(live_app)):
        await become(lambda: min(rounds.values()) >= 3)


async def test_a_job_of_another_process_is_noticed_at_once(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By notification on PostgreSQL, and by a look at the file on SQLite."""
    monkeypatch.setattr(listeners, "_IDLE_LOOK_SECONDS", 0.02)
    recorder = Recorder()
    register_job(NUMBER, recorder)
    async with template.copy() as url:
        here, elsewhere = open_database(url), open_database(url)
        stopping = asyncio.Event()
        listening = asyncio.create_task(listener_for(url, here.invalidations, here.wake_ups).run(stopping))
        app = FastAPI()
        app.state.database, app.state.process = elsewhere, process_context(settings_for(url, tmp_path))
        async with running(JobWorker(here, app.state.process, unit_of_work)):
            await asyncio.sleep(0.3)
            for number in range(2):
                await enqueue(app, number)
                await become(lambda number=number: len(recorder.numbers) == number + 1)  # type: ignore[misc]
        stopping.set()
        await listening
        await here.dispose()
        await elsewhere.dispose()


async def test_the_worker_looks_by_itself_if_nobody_wakes_it(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "LOOK_SECONDS", 0.1)
    recorder = Recorder()
    register_job(NUMBER, recorder)
    worker = job_worker(live_app)
    async with running(worker):
        await asyncio.sleep(0.1)
        live_app.state.database.wake_ups._subscribers.clear()
        await enqueue(live_app, 1)
        await become(lambda: recorder.numbers == [1])


@pytest.mark.parametrize("outage", [0, 1])
async def test_the_worker_outlives_an_outage_of_the_database(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outage: int
) -> None:
    monkeypatch.setattr(worker_module, "_RETRY_SECONDS", 0)
    url = unusable_databases(template, tmp_path)[outage]
    database = open_database(url)
    tries = 0

    class CountingWorker(JobWorker):
        async def _round(self, stopping: asyncio.Event) -> bool:
            nonlocal tries
            tries += 1
            return await super()._round(stopping)

    async with running(CountingWorker(database, process_context(settings_for(url, tmp_path)), unit_of_work)):
        await become(lambda: tries >= 3)
    await database.dispose()


async def test_a_clock_that_jumps_is_noticed_before_long(live_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    register_job(NUMBER, recorder)
    await enqueue(live_app, 1, run_at=clock.now() + timedelta(seconds=50))
    now = clock.now

    async with running(job_worker(live_app)):
        await asyncio.sleep(0.1)
        assert recorder.numbers == []
        monkeypatch.setattr(clock, "now", lambda: now() + timedelta(hours=1))
        await become(lambda: recorder.numbers == [1])
