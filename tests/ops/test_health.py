"""What those who watch the server are told, and what makes it send requests elsewhere."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import null, text
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.core.timeouts import hard_timeout
from app.db.session import Database, open_database
from app.ops import health
from app.ops.health import OVERDUE_SECONDS, Health
from app.queue import queries
from app.queue.jobs import new_job
from app.queue.kinds import CHORE_KEY
from app.queue.models import Job
from app.queue.status import queue_status, seconds_overdue
from tests.support.databases import Template
from tests.support.outages import unusable_databases

READY = "http://blog.example.com/health/ready"
LIVE = "http://blog.example.com/health/live"
OK = {"state": "ok", "detail": None}
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


async def readiness(client: httpx.AsyncClient) -> tuple[int, dict[str, Any]]:
    response = await client.get(READY)
    assert response.headers["Cache-Control"] == "no-store"
    body: dict[str, Any] = response.json()
    return response.status_code, body


def states(body: dict[str, Any]) -> dict[str, str]:
    return {name: part["state"] for name, part in body["parts"].items()}


async def test_a_server_that_has_all_it_needs_is_ready(anonymous: httpx.AsyncClient) -> None:
    parts = {"database": OK, "migrations": OK, "jobs": OK}

    assert await readiness(anonymous) == (200, {"state": "ok", "parts": parts})


async def test_one_that_is_about_to_stop_is_alive_but_not_ready(
    app: FastAPI, anonymous: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state, "draining", True, raising=False)
    # It does not ask anybody anything any more.
    monkeypatch.setattr(app.state, "database", None)
    status, body = await readiness(anonymous)

    assert (status, body["code"]) == (503, "draining")
    live = await anonymous.get(LIVE)
    assert (live.status_code, live.json(), live.headers["Cache-Control"]) == (200, {"state": "ok"}, "no-store")


async def test_without_a_database_it_is_not_ready(
    app: FastAPI, anonymous: httpx.AsyncClient, template: Template, tmp_path: Path
) -> None:
    for url in unusable_databases(template, tmp_path):
        database = open_database(url)
        app.state.database = database
        response = await anonymous.get(READY)
        await database.dispose()
        body = response.json()

        assert (response.status_code, body["code"], body["detail"]) == (503, "not_ready", "Failing: database.")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Retry-After"] == "5"
        assert body["instance"] == response.headers["X-Request-ID"]
        assert states(body) == {"database": "failing", "migrations": "unknown", "jobs": "unknown"}
        assert body["parts"]["database"]["detail"] == "It cannot be reached."


async def test_with_a_file_that_was_moved_away_it_is_not_ready(tmp_path: Path, template: Template) -> None:
    if not template.is_sqlite:
        pytest.skip("a server's files are its own affair")
    async with template.copy() as url:
        database = open_database(url)
        path = Path(url.removeprefix("sqlite+aiosqlite:///"))
        assert states_of(await Health(None).parts(database))["database"] == "ok"
        path.rename(tmp_path / "moved.db")  # noqa: ASYNC240 - nothing else runs here
        assert states_of(await Health(None).parts(database))["database"] == "failing"
        await database.dispose()


def states_of(parts: dict[str, Any]) -> dict[str, str]:
    return {name: part.state.value for name, part in parts.items()}


async def test_a_database_that_does_not_answer_is_not_waited_for(
    live_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "TIMEOUT_SECONDS", 0.2)
    database = live_app.state.database

    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health, "_migrations", hang)
    parts = await Health(None).parts(database)

    assert states_of(parts) == {"database": "ok", "migrations": "failing", "jobs": "unknown"}
    assert parts["migrations"].detail == "No response in time."
    # Its connection is given back all the same, a moment later.
    while database.reading_engine.pool.checkedout():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '0001'", "DROP TABLE alembic_version"])
async def test_with_an_older_schema_it_is_not_ready(template: Template, statement: str) -> None:
    async with template.copy() as url:
        database = open_database(url)
        async with database.writing() as session:
            await session.execute(text(statement))
            await session.commit()
        parts = await Health(None).parts(database)
        await database.dispose()

    assert states_of(parts) == {"database": "ok", "migrations": "failing", "jobs": "unknown"}


async def test_with_a_newer_schema_it_goes_on_until_its_successor_has_taken_over(template: Template) -> None:
    async with template.copy() as url:
        database = open_database(url)
        async with database.writing() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = 'of tomorrow'"))
            await session.commit()
        parts = await Health(None).parts(database)
        await database.dispose()

    assert states_of(parts) == {"database": "ok", "migrations": "degraded", "jobs": "ok"}


@pytest.mark.parametrize(("late", "state"), [(OVERDUE_SECONDS - 60, "ok"), (OVERDUE_SECONDS + 60, "degraded")])
async def test_jobs_that_nobody_runs_show_but_keep_no_reader_away(
    anonymous: httpx.AsyncClient, database: Database, late: int, state: str
) -> None:
    async with database.writing() as session:
        due = clock.now() - timedelta(seconds=late)
        session.add(Job(kind="mail", run_at=due))
        await session.commit()
    status, body = await readiness(anonymous)

    assert (status, body["state"]) == (200, state)
    assert body["parts"]["jobs"]["state"] == state
    assert (body["parts"]["jobs"]["detail"] is None) == (state == "ok")


async def test_a_job_of_an_unknown_kind_shows_without_its_name(database: Database) -> None:
    async with database.writing() as session:
        session.add(Job(kind="of_tomorrow", run_at=clock.now() - timedelta(hours=1)))
        await session.commit()

    parts = await Health(None).parts(database)

    assert states_of(parts)["jobs"] == "degraded"
    assert parts["jobs"].detail == "A job of an unknown kind has been overdue for 60 minutes."


async def test_a_chore_of_another_version_is_nobodys_business(database: Database) -> None:
    """It has been renamed or removed: otherwise each server would be degraded for good."""
    async with database.writing() as session:
        session.add(new_job("of_yesterday", {}, key=CHORE_KEY, run_at=clock.now() - timedelta(hours=1)))
        await session.commit()
        status = await queue_status(session)

    assert states_of(await Health(None).parts(database))["jobs"] == "ok"
    assert "of_yesterday" not in {kind.kind for kind in status}


@pytest.mark.parametrize("error", [TimeoutError, SQLAlchemyError])
async def test_a_queue_that_cannot_be_asked_keeps_no_reader_away(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(health, "seconds_overdue", fail)

    assert states_of(await Health(None).parts(database)) == {"database": "ok", "migrations": "ok", "jobs": "degraded"}


async def test_a_full_queue_takes_no_longer(database: Database) -> None:
    """A row is read of each kind, dead letters or not: what all rows are read for would take seconds."""
    now = clock.now()
    times = [null(), now - timedelta(minutes=1), now - timedelta(minutes=3), now + timedelta(minutes=5)]
    async with database.writing() as session:
        session.add_all(
            Job(kind=kind, run_at=time) for kind in ("mail", "mail_request", "of_tomorrow") for time in times
        )
        session.add(Job(kind="dead", run_at=null()))
        await session.commit()
        overdue = await seconds_overdue(session)
        is_sqlite = database.engine.dialect.name == "sqlite"
        query = queries.next_of_any().compile(database.engine, compile_kwargs={"literal_binds": True})
        if not is_sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = [str(row) for row in await session.execute(text(f"{explain} {query}"))]

    minutes = {kind: round(seconds / 60) for kind, seconds in overdue.items()}
    assert minutes == {"dead": 0, "mail": 3, "mail_request": 3, "of_tomorrow": 3}
    assert not [line for line in plan if "Seq Scan on jobs" in line or "SCAN jobs" in line or "TEMP B-TREE" in line]


async def test_without_redis_it_is_ready_all_the_same(database: Database) -> None:
    parts = await Health(NOBODY_LISTENS).parts(database)

    assert states_of(parts) == {"database": "ok", "migrations": "ok", "jobs": "ok", "redis": "degraded"}


async def test_with_redis_all_is_well(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def pong(redis: Redis) -> bool:
        asked.append(redis.connection_pool.connection_kwargs["host"])
        return True

    monkeypatch.setattr(Redis, "ping", pong)

    assert states_of(await Health("redis://redis.example.com").parts(database))["redis"] == "ok"
    assert asked == ["redis.example.com"]


async def test_changes_are_logged_and_nothing_else(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    watched = Health(NOBODY_LISTENS)
    for _ in range(2):
        await watched.parts(database)
    watched._redis_url = None
    await watched.parts(database)

    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == ["redis is degraded. It cannot be reached."]


async def test_what_is_given_up_is_not_waited_for_until_it_lets_go() -> None:
    let_go = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()
            raise ValueError("too late to matter")

    with pytest.raises(TimeoutError):
        await hard_timeout(0.01, stubborn())
    let_go.set()
    await asyncio.sleep(0)


async def test_the_document_tells_of_both(app: FastAPI) -> None:
    paths = app.openapi()["paths"]

    assert set(paths["/health/ready"]["get"]["responses"]) >= {"200", "503"}
    assert "/health/live" in paths
