"""Looking after jobs that are not done, from the command line."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.core import clock
from app.queue.models import Job
from tests.support.commands import run_command
from tests.support.rows import a_mail

MODULE = "commands.jobs"
DEAD, WAITING = None, datetime(2030, 1, 1, tzinfo=UTC)


async def store(app: FastAPI, *run_ats: datetime | None, kind: str = "mail", **values: Any) -> None:
    async with app.state.database.writing() as session:
        for run_at in run_ats:
            job = a_mail(
                subject="Hi\x1b[2J", text="https://blog.example.com/reset\n?token=secret", html="<p>secret</p>"
            )
            job.kind, job.attempts, job.last_error = kind, 12, "SMTPDataError: (554, 'no')"
            session.add(job)
            await session.flush()
            # Not before: a new job is due at once.
            job.run_at = run_at
            for name, value in values.items():
                setattr(job, name, value)
            await session.flush()
        await session.commit()


async def run(app: FastAPI, *arguments: str, stdin: str = "", code: int = 0) -> str:
    result = await run_command(app.state.settings, MODULE, *arguments, stdin=stdin)
    assert result.exit_code == code, result.output
    return result.output


async def stored(app: FastAPI) -> dict[int, datetime | None]:
    async with app.state.database.reading() as session:
        jobs = await session.scalars(select(Job).order_by(Job.id))
        return {job.id: job.run_at for job in jobs}


async def recorded(app: FastAPI) -> list[tuple[str, object]]:
    async with app.state.database.reading() as session:
        events = await session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(event.action, event.details) for event in events]


async def test_jobs_are_listed_dead_ones_first_and_without_what_they_say(live_app: FastAPI) -> None:
    await store(live_app, DEAD, WAITING)
    await store(live_app, WAITING, kind="of_tomorrow")
    await store(live_app, clock.now() + timedelta(minutes=4), kind="mail_request", lease="a", payload={"mail": "?"})

    table = await run(live_app, "list")
    assert "anna@example.com: Hi" in table
    assert "2030-01-01" in table
    lines = [json.loads(line) for line in (await run(live_app, "list", "--json")).splitlines()]
    assert [(line["id"], line["state"]) for line in lines] == [
        (1, "dead"),
        (4, "running"),
        (3, "unknown kind"),
        (2, "waiting"),
    ]
    assert [json.loads(await run(live_app, "list", "--dead", "--json"))["id"]] == [1]
    assert [json.loads(await run(live_app, "list", "--kind", "of_tomorrow", "--json"))["id"]] == [3]
    for output in (
        table,
        json.dumps(lines),
        await run(live_app, "show", "1"),
        await run(live_app, "show", "1", "--json"),
    ):
        assert "secret" not in output
        assert "\x1b" not in output


async def test_what_a_job_says_is_shown_to_whoever_insists(live_app: FastAPI) -> None:
    await store(live_app, DEAD)

    shown = await run(live_app, "show", "1", "--payload")
    assert "?token=secret" in shown
    assert "\x1b" not in shown
    payload = json.loads(await run(live_app, "show", "1", "--payload", "--json"))["payload"]
    assert payload["text"].endswith("secret")
    assert "Job 7 not found" in await run(live_app, "show", "7", code=1)


async def test_jobs_are_tried_again(live_app: FastAPI) -> None:
    await store(live_app, DEAD, DEAD, DEAD, WAITING)
    await store(live_app, DEAD, kind="mail_request")

    assert "2 jobs" in await run(live_app, "retry", "1", "4")
    after = await stored(live_app)
    assert after[2] is None
    assert all(moment and abs(clock.now() - moment) < timedelta(minutes=1) for moment in (after[1], after[4]))
    assert "2 jobs" in await run(live_app, "retry", "--all", "--kind", "mail")
    assert (await stored(live_app))[5] is None
    assert "1 job " in await run(live_app, "retry", "--all")
    assert None not in (await stored(live_app)).values()
    assert await recorded(live_app) == [("jobs.retried", {"jobs": ids}) for ids in ([1, 4], [2, 3], [5])]


async def test_a_job_that_is_running_is_not_run_twice(live_app: FastAPI) -> None:
    await store(live_app, clock.now() + timedelta(minutes=4), lease="a")
    before = await stored(live_app)

    output = await run(live_app, "retry", "1")

    assert "0 jobs will run" in output
    assert "1 job left alone, being run at the moment." in output
    assert await stored(live_app) == before


async def test_jobs_are_dropped_once_that_is_confirmed(live_app: FastAPI) -> None:
    await store(live_app, DEAD, DEAD, DEAD, WAITING)

    await run(live_app, "drop", "1", stdin="n\n", code=1)
    assert len(await stored(live_app)) == 4
    assert "1 job deleted" in await run(live_app, "drop", "1", stdin="y\n")
    assert "0 jobs deleted" in await run(live_app, "drop", "--all-dead", "--kind", "other", "--yes")
    assert "2 jobs deleted" in await run(live_app, "drop", "--all-dead", "--yes")
    assert list(await stored(live_app)) == [4]
    assert await recorded(live_app) == [("jobs.dropped", {"jobs": [1]}), ("jobs.dropped", {"jobs": [2, 3]})]


async def test_of_several_jobs_either_all_are_there_or_nothing_is_done(live_app: FastAPI) -> None:
    await store(live_app, DEAD)

    for command in (["retry", "1", "7"], ["drop", "--yes", "1", "7"]):
        assert "Job 7 not found" in await run(live_app, *command, code=1)

    assert await stored(live_app) == {1: None}
    assert await recorded(live_app) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["retry"],
        ["retry", "--all", "1"],
        ["retry", "1", "--kind", "mail"],
        ["drop", "--yes"],
        ["drop", "--all-dead", "1"],
    ],
)
@pytest.mark.one_database
async def test_it_must_be_clear_which_jobs_are_meant(live_app: FastAPI, arguments: list[str]) -> None:
    await run(live_app, *arguments, code=2)
