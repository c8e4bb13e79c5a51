"""Jobs that end the process which runs them: nobody is left to say how they ended."""

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.queue.backoff import MAX_ATTEMPTS
from app.queue.claims import Claims
from app.queue.kinds import register_delivery, register_job, registrations
from app.queue.models import Job
from tests.queue.test_running import Service, record
from tests.support.job_kinds import NUMBER, change_jobs, enqueue, stored
from tests.support.jobs import run_due


@pytest.mark.parametrize("attempts", [MAX_ATTEMPTS - 1, MAX_ATTEMPTS])
async def test_a_job_that_ends_the_process_each_time_is_given_up(app: FastAPI, attempts: int) -> None:
    service = Service()
    register_delivery(NUMBER, service)
    await enqueue(app, 1)
    # Nobody has lived to tell how they ended.
    await change_jobs(app, attempts=attempts)

    await run_due(app, NUMBER)

    if attempts < MAX_ATTEMPTS:
        assert (service.tried, await stored(app)) == ([1], [])
        return
    (job,) = await stored(app)
    assert (service.tried, job.run_at, job.lease) == ([], None, None)
    assert job.last_error == f"the process ended during the last of {MAX_ATTEMPTS} attempts"


async def test_a_job_that_was_attempted_before_is_claimed_alone(app: FastAPI) -> None:
    """Should it have ended the process, those that wait behind it are not to be given up with it."""
    register_job(NUMBER, record)
    await enqueue(app, *range(6))
    claims = Claims(app.state.database)
    ids = [job.id for job in await stored(app)]
    async with app.state.database.writing() as session:
        await session.execute(update(Job).where(Job.id.in_(ids[2:4])).values(attempts=1))
        await session.commit()

    claimed = [[job.id for job in await claims.claim(registrations()["number"], 5)] for _ in range(5)]

    assert claimed == [ids[:2], ids[2:3], ids[3:4], ids[4:], []]
