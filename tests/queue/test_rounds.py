"""What a worker does about trouble on its rounds: with the claims of a kind, with leases, with the database."""

import asyncio
import time
from typing import Any

import anyio
import pytest
import time_machine
from fastapi import FastAPI

from app.core import clock
from app.queue.kinds import LEASE, Registration, register_job
from app.queue.models import Job
from tests.queue.test_worker import TIMEOUT_SECONDS, Recorder, become, running
from tests.support.job_kinds import NUMBER, OTHER, Number, enqueue
from tests.support.jobs import job_worker


async def test_a_job_that_fails_while_the_worker_looks_is_tried_again_in_time(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_job(NUMBER, Recorder())
    worker = job_worker(live_app)
    next_runs = worker._claims.next_runs

    async def look_slowly(kinds: Any) -> Any:
        found = await next_runs(kinds)
        # Meanwhile a job ends, and says when it wants to run again.
        worker._look_in(1)
        return found

    monkeypatch.setattr(worker._claims, "next_runs", look_slowly)
    await worker._look_around(worker._lanes_of([NUMBER]))

    assert worker._look_at - time.monotonic() <= 1


async def test_a_kind_whose_jobs_cannot_be_read_keeps_no_other_waiting(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    register_job(NUMBER, Recorder())
    register_job(OTHER, recorder)
    await enqueue(live_app, 1)
    await enqueue(live_app, 2, kind=OTHER)
    worker = job_worker(live_app)
    claim = worker._claims.claim

    async def cannot_read(registration: Registration, number: int) -> Any:
        if registration.kind is NUMBER:
            raise ValueError("no JSON")
        return await claim(registration, number)

    monkeypatch.setattr(worker._claims, "claim", cannot_read)
    async with running(worker):
        await become(lambda: recorder.numbers == [2])

    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert lines == ["jobs of the kind number cannot be claimed: ValueError('no JSON')"]


async def test_a_job_whose_lease_ends_before_it_begins_is_left_to_others(live_app: FastAPI) -> None:
    recorder = Recorder()
    register_job(NUMBER, recorder)
    worker = job_worker(live_app)
    await enqueue(live_app, 1, 2)
    (lane,) = worker._lanes_of([NUMBER])
    jobs = await worker._claims.claim(lane.registration, 2)

    with time_machine.travel(clock.now() + LEASE):
        await worker._run(lane, jobs[0])
    await worker._run(lane, jobs[1])

    assert recorder.numbers == [2]


async def test_a_database_that_is_away_while_stopping_cuts_nothing_short(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()
    finished: list[int] = []

    async def work(_unit: Any, payload: Number) -> None:
        began.set()
        await may_end.wait()
        finished.append(payload.number)

    async def be_away(_job: Job) -> None:
        raise ConnectionRefusedError

    register_job(NUMBER, work)
    await enqueue(live_app, 1, 2, 3)
    worker = job_worker(live_app)
    monkeypatch.setattr(worker._claims, "put_back", be_away)
    stopping = asyncio.Event()
    task = asyncio.create_task(worker.run(stopping))

    with anyio.fail_after(TIMEOUT_SECONDS):
        await began.wait()
        stopping.set()
        await asyncio.sleep(0.05)
        may_end.set()
        await task

    assert finished == [1]
