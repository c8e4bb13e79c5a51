"""What is done again and again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import delete, select

from app.accounts.models import PasskeyChallenge
from app.core import clock
from app.core.roles import Role
from app.queue import kinds
from app.queue.kinds import Kind, Nothing, register_chore, registrations
from app.queue.models import Job
from tests.support.job_kinds import change_jobs, stored
from tests.support.jobs import job_worker, run_chores, run_due
from tests.support.statements import recorded_statements
from tests.support.users import Users

CHORES = {
    "clear_challenges",
    "clear_email_changes",
    "clear_idempotency_keys",
    "clear_invalidations",
    "clear_invitations",
    "clear_sessions",
    "clear_unconfirmed",
    "delete_due_accounts",
    "thin_out_revisions",
}
HOUR = timedelta(hours=1)


class Chore:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.runs = 0

    async def __call__(self, _delivery: Any) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error


def kind_of(name: str) -> Kind[Any]:
    return registrations()[name].kind


async def test_these_are_done_while_the_app_runs() -> None:
    assert {name for name, registration in registrations().items() if registration.every} == CHORES


async def test_a_chore_is_done_at_once_and_then_after_each_interval(app: FastAPI) -> None:
    chore = Chore()
    register_chore("chore", chore, every=HOUR)
    start = clock.now()

    for hours, runs in ((0, 1), (0.9, 1), (1.1, 2), (1.2, 2), (2.2, 3)):
        with time_machine.travel(start + hours * HOUR):
            await run_due(app, kind_of("chore"))
        assert chore.runs == runs
    assert [job.key for job in await stored(app, kind_of("chore"))] == ["chore"]


async def test_a_chore_that_fails_is_never_given_up_and_tried_again_sooner(app: FastAPI) -> None:
    chore = Chore(RuntimeError("no luck"))
    register_chore("chore", chore, every=HOUR)
    await run_due(app, kind_of("chore"))
    (job,) = await stored(app, kind_of("chore"))
    assert (job.run_at or clock.now()) - clock.now() < timedelta(seconds=20)
    await change_jobs(app, kind_of("chore"), attempts=100, run_at=clock.now())
    await run_due(app, kind_of("chore"))

    (job,) = await stored(app, kind_of("chore"))
    assert (chore.runs, job.attempts, job.last_error) == (2, 101, "RuntimeError: no luck")
    assert job.run_at is not None
    assert timedelta(minutes=50) < job.run_at - clock.now() <= HOUR
    chore.error = None
    await change_jobs(app, kind_of("chore"), run_at=clock.now())
    await run_due(app, kind_of("chore"))
    (job,) = await stored(app, kind_of("chore"))
    assert (job.attempts, job.last_error) == (0, None)


async def test_one_chore_that_fails_keeps_no_other_from_being_done(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with app.state.database.writing() as session:
        session.add(PasskeyChallenge(challenge=b"c", expires_at=clock.now()))
        await session.commit()
    fails = kinds.Registration(kind_of("clear_sessions"), 1, outside=Chore(RuntimeError()), every=HOUR)
    monkeypatch.setitem(kinds._registrations, "clear_sessions", fails)

    await run_chores(app)

    async with app.state.database.reading() as session:
        assert (await session.scalars(select(PasskeyChallenge))).all() == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_chore_that_was_dropped_comes_back(app: FastAPI) -> None:
    chore = Chore()
    register_chore("chore", chore, every=HOUR)
    worker = job_worker(app)
    await worker.run_due(kind_of("chore"))
    async with app.state.database.writing() as session:
        await session.execute(delete(Job))
        await session.commit()

    await worker.run_due(kind_of("chore"))

    assert chore.runs == 2


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(days=400)])
async def test_a_clock_that_was_wrong_keeps_no_chore_from_being_done(app: FastAPI, jump: timedelta) -> None:
    chore = Chore()
    register_chore("daily", chore, every=timedelta(days=1))
    with time_machine.travel(clock.now() + jump):
        await run_due(app, kind_of("daily"))

    await run_due(app, kind_of("daily"))

    assert chore.runs == 2
    assert await run_due(app, kind_of("daily")) == 0


async def test_with_nothing_to_do_nothing_but_the_jobs_themselves_is_written(app: FastAPI, users: Users) -> None:
    await users.client(Role.READER)
    await run_chores(app)

    with recorded_statements(app.state.database) as statements:
        await run_chores(app)

    others = [statement for statement in statements if "jobs" not in statement]
    assert len(others) == len(CHORES)
    assert all(statement.startswith("SELECT") and "FOR UPDATE" not in statement for statement in others)


async def test_the_payload_of_a_chore_is_nothing() -> None:
    assert kind_of("clear_sessions").payload is Nothing
