"""What becomes of jobs between the transaction that enqueues them and the worker."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.client import COMMAND_LINE
from app.queue.claims import Claims
from app.queue.errors import JobRefused, UnknownKind
from app.queue.jobs import Jobs
from app.queue.kinds import Kind, register_delivery, register_job, registrations
from app.unit_of_work import UnitOfWork, unit_of_work
from tests.support.job_kinds import NUMBER, Number, change_jobs, enqueue, stored
from tests.support.jobs import job_worker, run_due

TOMORROW = datetime(2099, 1, 2, tzinfo=UTC)
LATER = TOMORROW + timedelta(days=1)


@pytest.fixture
def handled() -> list[int]:
    """The numbers that have been handled."""
    numbers: list[int] = []

    async def handle(_unit: Any, payload: Number) -> None:
        numbers.append(payload.number)

    register_job(NUMBER, handle)
    return numbers


async def test_a_job_waits_for_the_transaction_that_it_belongs_to(app: FastAPI, handled: list[int]) -> None:
    await enqueue(app, 1)
    async with app.state.database.writing() as session:
        for key in (None, "key"):
            Jobs(session).enqueue(NUMBER, Number(2), key=key)
        await session.flush()
        await session.rollback()

    assert await run_due(app, NUMBER) == 1
    assert handled == [1]
    assert await stored(app) == []


async def test_what_is_undone_to_a_savepoint_is_not_enqueued(app: FastAPI, handled: list[int]) -> None:
    async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
        unit.jobs.enqueue(NUMBER, Number(1), key="a")
        savepoint = await unit.session.begin_nested()
        unit.jobs.enqueue(NUMBER, Number(2), key="b")
        unit.jobs.enqueue(NUMBER, Number(3), key="a")
        await savepoint.rollback()

    await run_due(app, NUMBER)

    assert handled == [1]


@pytest.mark.parametrize("kind", [Kind("nobody's", Number), Kind("number", Number)])
@pytest.mark.usefixtures("handled")
async def test_a_kind_that_nobody_handles_is_refused_at_once(app: FastAPI, kind: Kind[Number]) -> None:
    """Also one that merely has the same name."""
    with pytest.raises(UnknownKind, match=kind.name):
        await enqueue(app, 1, kind=kind)


@pytest.mark.usefixtures("handled")
async def test_a_kind_has_one_handler() -> None:
    async def handle(_unit: Any, _payload: Number) -> None:
        """Never called."""

    with pytest.raises(RuntimeError, match="number"):
        register_job(NUMBER, handle)


async def test_a_job_waits_for_its_time(app: FastAPI, handled: list[int]) -> None:
    await enqueue(app, 1, run_at=TOMORROW)
    await enqueue(app, 2)

    await run_due(app, NUMBER)
    assert handled == [2]
    await change_jobs(app, run_at=clock.now())
    await run_due(app, NUMBER)
    assert handled == [2, 1]


@pytest.mark.parametrize(
    ("times", "expected"),
    [((TOMORROW, LATER), TOMORROW), ((LATER, TOMORROW), TOMORROW), ((TOMORROW, TOMORROW), TOMORROW)],
)
@pytest.mark.usefixtures("handled")
async def test_of_a_key_one_job_waits_and_it_runs_at_the_earlier_time(
    app: FastAPI, times: tuple[datetime, datetime], expected: datetime
) -> None:
    for number, run_at in enumerate(times):
        await enqueue(app, number, key="key", run_at=run_at)
    await enqueue(app, 7, key="other", run_at=LATER)
    await enqueue(app, 8, 9, run_at=LATER)

    jobs = await stored(app)
    assert [(job.key, job.payload["number"]) for job in jobs] == [("key", 1), ("other", 7), (None, 8), (None, 9)]
    assert (jobs[0].run_at, jobs[0].is_scheduled) == (expected, True)


async def test_what_is_wanted_at_once_does_not_wait_for_a_later_time(app: FastAPI, handled: list[int]) -> None:
    await enqueue(app, 1, key="key", run_at=TOMORROW)
    await enqueue(app, 2, key="key")

    await run_due(app, NUMBER)

    assert handled == [2]
    assert await stored(app) == []


@pytest.mark.usefixtures("handled")
async def test_the_same_key_from_two_transactions_at_once(live_app: FastAPI) -> None:
    """Neither fails, although each has enqueued one key before the other has committed; nor do they deadlock."""

    async def enqueue_both(*keys: str) -> None:
        opened = unit_of_work(live_app.state.database.writing, live_app.state.process, COMMAND_LINE)
        async with opened as unit:
            for key in keys:
                unit.jobs.enqueue(NUMBER, Number(), key=key)

    await asyncio.gather(*(enqueue_both(*keys) for keys in [("a", "b"), ("b", "a")] * 10))

    assert sorted(job.key or "" for job in await stored(live_app)) == ["a", "b"]


async def test_a_key_that_is_enqueued_while_it_is_running_runs_again(live_app: FastAPI) -> None:
    """What made somebody enqueue it may have come too late for the run in progress."""
    runs: list[tuple[int, str]] = []

    async def handle(delivery: Any) -> None:
        runs.append((delivery.payload.number, delivery.key))
        if len(runs) == 1:
            await enqueue(live_app, 2, key="key")
            assert await run_due(live_app, NUMBER) == 0

    register_delivery(NUMBER, handle)
    await enqueue(live_app, 1, key="key")

    await job_worker(live_app).run_due(NUMBER)

    assert [number for number, _ in runs] == [1, 2]
    assert runs[0][1] != runs[1][1]
    assert await stored(live_app) == []


async def test_a_job_may_enqueue_its_own_key_for_later(app: FastAPI) -> None:
    async def handle(unit: UnitOfWork, payload: Number) -> None:
        unit.jobs.enqueue(NUMBER, Number(payload.number + 1), key="key", run_at=TOMORROW)

    register_job(NUMBER, handle)
    await enqueue(app, 1, key="key")

    assert await run_due(app, NUMBER) == 1

    (job,) = await stored(app)
    assert (job.payload, job.run_at, job.attempts) == ({"number": 2}, TOMORROW, 0)


@pytest.mark.parametrize(
    ("again_at", "is_final", "expected"),
    [(None, False, "at once"), (TOMORROW, False, "put off"), (TOMORROW, True, "tomorrow")],
)
async def test_a_key_that_is_enqueued_while_it_is_running_and_fails_runs_once_more(
    live_app: FastAPI, again_at: datetime | None, is_final: bool, expected: str
) -> None:
    """At the earlier of the two times, with a fresh count of attempts."""
    runs: list[int] = []

    async def handle(delivery: Any) -> None:
        runs.append(delivery.payload.number)
        if len(runs) == 1:
            await enqueue(live_app, 2, key="key", run_at=again_at)
            raise JobRefused("no", is_final=is_final)

    register_delivery(NUMBER, handle)
    await enqueue(live_app, 1, key="key")
    await change_jobs(live_app, attempts=5)
    start = clock.now()

    await job_worker(live_app).run_due(NUMBER)

    if expected == "at once":
        assert (runs, await stored(live_app)) == ([1, 2], [])
        return
    (job,) = await stored(live_app)
    assert (runs, job.attempts, job.again_at, job.payload) == ([1], 0, None, {"number": 2})
    assert job.run_at is not None
    assert (job.run_at, job.is_scheduled) == (TOMORROW, True) if expected == "tomorrow" else job.run_at > start
    await change_jobs(live_app, run_at=clock.now())
    await run_due(live_app, NUMBER)
    assert (runs, await stored(live_app)) == ([1, 2], [])


async def test_a_key_that_is_enqueued_while_it_is_running_and_is_interrupted_runs_once_more(live_app: FastAPI) -> None:
    runs: list[int] = []

    async def handle(delivery: Any) -> None:
        runs.append(delivery.payload.number)
        if len(runs) == 1:
            await enqueue(live_app, 2, key="key")
            raise asyncio.CancelledError

    register_delivery(NUMBER, handle)
    await enqueue(live_app, 1, key="key")
    with pytest.raises(asyncio.CancelledError):
        await run_due(live_app, NUMBER)

    await run_due(live_app, NUMBER)

    assert (runs, await stored(live_app)) == ([1, 2], [])


async def test_a_key_that_is_enqueued_again_before_its_worker_dies_runs_once(app: FastAPI, handled: list[int]) -> None:
    await enqueue(app, 1, key="key")
    assert len(await Claims(app.state.database).claim(registrations()["number"], 1)) == 1
    await enqueue(app, 2, key="key")
    await change_jobs(app, run_at=clock.now())

    await run_due(app, NUMBER)

    assert (handled, await stored(app)) == ([2], [])


async def test_a_key_that_was_given_up_starts_anew(app: FastAPI, handled: list[int]) -> None:
    await enqueue(app, 1, key="key")
    await change_jobs(app, run_at=None, attempts=12)

    await enqueue(app, 2, key="key")

    (job,) = await stored(app)
    assert job.attempts == 0
    await run_due(app, NUMBER)
    assert handled == [2]
