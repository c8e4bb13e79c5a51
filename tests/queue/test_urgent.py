"""Jobs that are urgent: whoever dies over one keeps nobody waiting."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.core import clock
from app.queue.backoff import MAX_ATTEMPTS
from app.queue.claims import Claims
from app.queue.errors import LeaseLost
from app.queue.kinds import register_job, registrations
from app.queue.models import Job
from tests.queue.test_running import record
from tests.support.job_kinds import NUMBER, Number, change_jobs, enqueue, stored
from tests.support.jobs import job_worker, run_due


async def test_a_dead_process_keeps_one_for_a_moment_only(app: FastAPI) -> None:
    register_job(NUMBER, record, is_urgent=True)
    await enqueue(app, 1)
    before = clock.now()
    (job,) = await Claims(app.state.database).claim(registrations()["number"], 1)
    assert job.run_at is not None
    assert job.run_at < before + timedelta(seconds=5)

    await change_jobs(app, run_at=before)

    assert await run_due(app, NUMBER) == 1
    assert await stored(app) == []


async def test_no_more_are_claimed_than_can_be_begun(app: FastAPI) -> None:
    register_job(NUMBER, record, is_urgent=True, slots=2)
    lanes = job_worker(app)._lanes_of([NUMBER])

    assert [lane.room for lane in lanes] == [2]


async def test_whoever_has_it_by_now_does_it(app: FastAPI) -> None:
    """The first one finds out before it does anything."""
    register_job(NUMBER, record, is_urgent=True)
    await enqueue(app, 1)
    claims = Claims(app.state.database)
    (job,) = await claims.claim(registrations()["number"], 1)
    async with app.state.database.writing() as session:
        await session.execute(update(Job).values(lease="of another"))
        await session.commit()

    async with app.state.database.writing() as session:
        with pytest.raises(LeaseLost):
            await claims.hold(session, job)


async def test_one_that_fails_is_tried_again_soon_and_never_given_up(app: FastAPI) -> None:
    async def fail(_unit: Any, _payload: Number) -> None:
        raise ValueError

    register_job(NUMBER, fail, is_urgent=True)
    await enqueue(app, 1)
    before = clock.now()
    await run_due(app, NUMBER)
    (first,) = await stored(app)
    await change_jobs(app, attempts=MAX_ATTEMPTS + 5, run_at=before)
    await run_due(app, NUMBER)
    (later,) = await stored(app)

    assert first.run_at is not None
    assert first.run_at < before + timedelta(seconds=5)
    assert later.run_at is not None
    assert before + timedelta(seconds=30) < later.run_at < before + timedelta(seconds=90)


async def test_a_start_waits_for_what_others_have_begun(app: FastAPI) -> None:
    register_job(NUMBER, record, is_urgent=True)
    await enqueue(app, 1)
    await Claims(app.state.database).claim(registrations()["number"], 1)

    # Whoever has claimed it has died: its lease ends within a second.
    await job_worker(app).catch_up()

    assert await stored(app) == []
