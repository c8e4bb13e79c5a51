"""What becomes of a job that is run: done, tried again, given up."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import anyio
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select, update

from app.accounts.errors import WrongPassword
from app.audit.models import AuditEvent
from app.content.audit_actions import ARTICLE_CHANGED
from app.core import clock
from app.core.circuit_breaker import CircuitBreaker
from app.queue.backoff import GIVE_UP_AFTER, MAX_ATTEMPTS
from app.queue.claims import Claims
from app.queue.delivery import Delivery
from app.queue.errors import JobRefused, ServiceUnreachable
from app.queue.kinds import LEASE, register_delivery, register_job, registrations
from app.queue.models import Job
from app.unit_of_work import UnitOfWork
from tests.support.job_kinds import NUMBER, OTHER, Number, change_jobs, enqueue, stored
from tests.support.jobs import job_worker, run_due

TIMEOUT_SECONDS = 20
# Any action will do.
HANDLED = ARTICLE_CHANGED


async def record(unit: UnitOfWork, payload: Number) -> None:
    """A handler that changes the database."""
    unit.audit.record(HANDLED, number=payload.number)


async def recorded(app: FastAPI) -> list[int]:
    async with app.state.database.reading() as session:
        events = await session.scalars(select(AuditEvent).where(AuditEvent.action == HANDLED.name))
        return sorted(event.details["number"] for event in events)


class Service:
    """An outside service, to which jobs are delivered."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.tried: list[int] = []
        self.keys: list[str] = []

    async def __call__(self, delivery: Delivery[Number]) -> None:
        self.tried.append(delivery.payload.number)
        self.keys.append(delivery.key)
        if self.error is not None:
            raise self.error


# --- In the database -------------------------------------------------------------------------------------------


async def test_a_job_is_gone_with_what_it_has_done(app: FastAPI) -> None:
    register_job(NUMBER, record)
    await enqueue(app, 1, 2)

    assert await run_due(app, NUMBER) == 2

    assert await recorded(app) == [1, 2]
    assert await stored(app) == []


@pytest.mark.parametrize("error", [RuntimeError("no luck"), WrongPassword()])
async def test_what_a_handler_did_before_it_failed_is_undone(app: FastAPI, error: Exception) -> None:
    """Also if it raises what would be committed elsewhere: it would be done again at each attempt."""

    async def fail(unit: UnitOfWork, payload: Number) -> None:
        await record(unit, payload)
        unit.jobs.enqueue(OTHER, payload)
        await unit.session.flush()
        raise error

    register_job(NUMBER, fail)
    register_job(OTHER, record)
    await enqueue(app, 1)
    before = clock.now()

    await run_due(app)

    assert await recorded(app) == []
    assert await stored(app, OTHER) == []
    (job,) = await stored(app)
    assert job.attempts == 1
    assert job.run_at is not None
    assert before < job.run_at <= clock.now() + timedelta(minutes=1)
    assert job.last_error == f"{type(error).__name__}: {error}"


async def test_whoever_has_lost_the_lease_changes_nothing(app: FastAPI) -> None:
    async def be_slow(unit: UnitOfWork, payload: Number) -> None:
        await record(unit, payload)
        await unit.session.execute(update(Job).where(Job.kind == NUMBER.name).values(lease="another's"))

    register_job(NUMBER, be_slow)
    await enqueue(app, 1)

    await run_due(app, NUMBER)

    assert await recorded(app) == []
    # The change of the lease was part of what has been undone.
    assert len(await stored(app)) == 1


async def test_several_workers_do_each_job_once(live_app: FastAPI) -> None:
    register_job(NUMBER, record)
    await enqueue(live_app, *range(40))

    done = await asyncio.gather(*(run_due(live_app, NUMBER) for _ in range(3)))

    assert sum(done) == 40
    assert await recorded(live_app) == list(range(40))


# --- Outside ---------------------------------------------------------------------------------------------------


async def test_the_key_of_a_delivery_stays_the_same_until_it_has_succeeded(app: FastAPI) -> None:
    service = Service(RuntimeError())
    register_delivery(NUMBER, service)
    await enqueue(app, 1, 2)
    for _ in range(2):
        await run_due(app, NUMBER)
        await change_jobs(app, run_at=clock.now())
    service.error = None
    await run_due(app, NUMBER)

    keys = {number: {key for tried, key in zip(service.tried, service.keys, strict=True) if tried == number}
            for number in (1, 2)}  # fmt: skip
    assert len(service.tried) == 6
    assert [len(keys[1]), len(keys[2])] == [1, 1]
    assert keys[1] != keys[2]
    assert await stored(app) == []


async def test_a_job_that_fails_again_and_again_is_given_up_but_kept(app: FastAPI) -> None:
    register_delivery(NUMBER, Service(RuntimeError("no luck")))
    await enqueue(app, 1)
    delays = []

    for _ in range(MAX_ATTEMPTS):
        await change_jobs(app, run_at=clock.now())
        assert await run_due(app, NUMBER) == 1
        (job,) = await stored(app)
        delays.append(job.run_at and (job.run_at - clock.now()).total_seconds())

    assert (job.attempts, job.run_at) == (MAX_ATTEMPTS, None)
    assert [10 * round((delay or 0) / 10 + 0.1) for delay in delays[:4]] == [20, 30, 60, 120]
    assert max(delay or 0 for delay in delays) <= 7200
    assert await run_due(app, NUMBER) == 0


async def test_a_job_that_is_refused_for_good_is_given_up_at_once(app: FastAPI) -> None:
    register_delivery(NUMBER, Service(JobRefused("never", is_final=True)))
    await enqueue(app, 1)

    await run_due(app, NUMBER)

    assert [(job.attempts, job.run_at, job.last_error) for job in await stored(app)] == [(1, None, "never")]


async def test_what_a_worker_leaves_behind_when_it_dies_is_done_by_another(live_app: FastAPI) -> None:
    """Not before it must be dead, or it would be done twice."""
    service = Service()
    register_delivery(NUMBER, service)
    await enqueue(live_app, 1)
    assert len(await Claims(live_app.state.database).claim(registrations()["number"], 1)) == 1

    assert await run_due(live_app, NUMBER) == 0
    with time_machine.travel(clock.now() + LEASE - timedelta(seconds=5)):
        assert await run_due(live_app, NUMBER) == 0
    with time_machine.travel(clock.now() + LEASE):
        assert await run_due(live_app, NUMBER) == 1
    assert service.tried == [1]


async def test_what_is_interrupted_is_done_by_another_at_once(live_app: FastAPI) -> None:
    running = asyncio.Event()

    async def hang(_delivery: Any) -> None:
        running.set()
        await asyncio.Event().wait()

    register_delivery(NUMBER, hang)
    await enqueue(live_app, 1)
    ending = asyncio.create_task(run_due(live_app, NUMBER))
    await running.wait()
    ending.cancel()
    with suppress(asyncio.CancelledError):
        await ending

    (job,) = await stored(live_app)
    assert (job.lease, job.attempts) == (None, 0)
    assert job.run_at is not None
    assert job.run_at <= clock.now()


@pytest.mark.parametrize("register", [register_job, register_delivery])
async def test_a_handler_that_takes_longer_than_its_lease_is_stopped_before(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, register: Any
) -> None:
    monkeypatch.setattr("app.queue.runner.HANDLER_TIMEOUT", timedelta(seconds=0.01))

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    register(NUMBER, hang)
    await enqueue(app, 1)
    with anyio.fail_after(TIMEOUT_SECONDS):
        await run_due(app, NUMBER)

    assert [(job.attempts, job.last_error) for job in await stored(app)] == [(1, "not done within 0 seconds")]


async def test_a_worker_that_took_too_long_leaves_a_job_to_whoever_has_it_now(app: FastAPI) -> None:
    taken_over = clock.now() + LEASE

    class Slow(Service):
        async def __call__(self, delivery: Delivery[Number]) -> None:
            await change_jobs(app, lease="another's", run_at=taken_over)
            await super().__call__(delivery)

    register_delivery(NUMBER, Slow(JobRefused("never", is_final=True)))
    await enqueue(app, 1)

    await run_due(app, NUMBER)

    assert [job.run_at for job in await stored(app)] == [taken_over]


# --- While a service is away -----------------------------------------------------------------------------------


def breaker() -> CircuitBreaker:
    return CircuitBreaker("the service of the tests", failures=3, pause=5)


async def test_a_service_that_is_away_is_left_alone_and_costs_no_job_its_attempts(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a day, which is longer than all attempts together."""
    service = Service(ServiceUnreachable("away"))
    register_delivery(NUMBER, service, breaker=breaker)
    await enqueue(app, *range(20))
    worker = job_worker(app)

    await worker.run_due(NUMBER)
    assert len(service.tried) == 3
    await worker.run_due(NUMBER)
    assert len(service.tried) == 3
    monkeypatch.setattr(CircuitBreaker, "seconds_left", 0)
    for days in range(1, 5):
        await change_jobs(app, run_at=clock.now())
        assert await worker.run_due(NUMBER) == 20
        assert len(service.tried) == 3 + days * 20
    # Until it was clear that the service is away, two were to blame.
    assert sorted(job.attempts for job in await stored(app)) == [0] * 18 + [1] * 2

    service.error = None
    await change_jobs(app, run_at=clock.now())
    assert await worker.run_due(NUMBER) == 20


async def test_after_days_a_job_that_no_service_takes_is_given_up(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_breaker() -> CircuitBreaker:
        found = breaker()
        for _ in range(3):
            found.failed(ConnectionError())
        return found

    monkeypatch.setattr(CircuitBreaker, "seconds_left", 0)
    register_delivery(NUMBER, Service(ServiceUnreachable("away")), breaker=open_breaker)
    await enqueue(app, 1)
    await change_jobs(app, created_at=clock.now() - GIVE_UP_AFTER, attempts=MAX_ATTEMPTS - 1)

    await run_due(app, NUMBER)

    assert [job.run_at for job in await stored(app)] == [None]


# --- What is not as expected -----------------------------------------------------------------------------------


async def test_a_job_of_an_unknown_kind_is_left_alone(app: FastAPI) -> None:
    register_job(NUMBER, record)
    async with app.state.database.writing() as session:
        session.add(Job(kind="of_tomorrow", payload={}, run_at=clock.now() - timedelta(days=1)))
        await session.commit()
    await enqueue(app, 1)

    await run_due(app)

    assert await recorded(app) == [1]
    async with app.state.database.reading() as session:
        job = await session.scalar(select(Job).where(Job.kind == "of_tomorrow"))
    assert job is not None
    assert (job.attempts, job.lease) == (0, None)


async def test_a_payload_that_cannot_be_read_is_kept_and_not_told(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    register_job(NUMBER, record)
    await enqueue(app, 1)
    await change_jobs(app, payload={"number": "secret"})

    await run_due(app, NUMBER)

    (job,) = await stored(app)
    assert job.last_error == "the payload cannot be read: 1 errors"
    assert job.run_at is not None
    assert "secret" not in caplog.text


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400), timedelta(days=400)])
@pytest.mark.parametrize("key", [None, "key"])
async def test_a_clock_that_jumps_neither_loses_nor_repeats_jobs(
    app: FastAPI, jump: timedelta, key: str | None
) -> None:
    register_job(NUMBER, record)
    await enqueue(app, 1, key=key)

    with time_machine.travel(clock.now() + jump):
        await run_due(app, NUMBER)
        await enqueue(app, 2, key=key)
    # It goes right again, or at last the time comes that the job was put off to.
    with time_machine.travel(clock.now() + max(jump, -jump, timedelta()) * (abs(jump) < timedelta(days=1))):
        await run_due(app, NUMBER)

    assert (await recorded(app))[-1:] == [2]
    assert len(await recorded(app)) == len(set(await recorded(app)))
    assert await stored(app) == []


async def test_a_lease_from_a_wrong_clock_ends(app: FastAPI) -> None:
    register_job(NUMBER, record)
    await enqueue(app, 1, run_at=clock.now())
    with time_machine.travel(clock.now() + timedelta(days=400)):
        assert len(await Claims(app.state.database).claim(registrations()["number"], 1)) == 1

    assert await run_due(app, NUMBER) == 1


async def test_a_time_that_was_chosen_is_waited_for_however_far_it_is(app: FastAPI) -> None:
    register_job(NUMBER, record)
    await enqueue(app, 1, run_at=clock.now() + timedelta(days=400))

    assert await run_due(app, NUMBER) == 0
