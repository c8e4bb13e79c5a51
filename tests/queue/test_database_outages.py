"""A job is not to blame for a database that goes away while it runs."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from app.queue.claims import Claims
from app.queue.kinds import register_delivery, register_job
from tests.queue.test_running import Service, record
from tests.support.job_kinds import NUMBER, enqueue, stored
from tests.support.jobs import run_due


def _lost_connection() -> Exception:
    return OperationalError("COMMIT", {}, ConnectionResetError(), connection_invalidated=True)


@pytest.mark.parametrize("where", ["handler", "finish"])
async def test_a_database_that_is_away_costs_no_job_its_attempts(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async def fail(*_: Any) -> None:
        raise _lost_connection()

    register_job(NUMBER, fail if where == "handler" else record)
    await enqueue(app, 1)
    if where == "finish":
        monkeypatch.setattr(Claims, "finish", fail)

    await run_due(app, NUMBER)

    assert [job.attempts for job in await stored(app)] == [0]


@pytest.mark.parametrize(("error", "attempts"), [(_lost_connection(), 0), (ConnectionRefusedError(), 1)])
async def test_a_delivery_is_to_blame_unless_it_was_the_database(app: FastAPI, error: Exception, attempts: int) -> None:
    register_delivery(NUMBER, Service(error))
    await enqueue(app, 1)

    await run_due(app, NUMBER)

    assert [job.attempts for job in await stored(app)] == [attempts]
