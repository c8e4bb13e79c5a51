"""Mails and mail requests become jobs and come back, and none is lost, whatever happens meanwhile."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import JSON, bindparam, text

from app.db import migrations
from app.db.base import UtcDateTime
from app.queue.kinds import registrations
from tests.support.databases import Template
from tests.support.rows import opened, schema_of
from tests.support.whole_databases import ODD_TEXT

REPOSITORY = Path(__file__).parents[2]
BEFORE, AFTER = "0006", "0007"
MAILS, REQUESTS = 1000, 20
NOW = datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=UTC)
INSERT_MAIL = text(
    "INSERT INTO outbox_mails (recipient, subject, text, html, created_at, attempts, next_attempt_at, last_error) "
    "VALUES (:recipient, :subject, :text, :html, :created_at, :attempts, :next_attempt_at, :last_error)"
).bindparams(bindparam("created_at", type_=UtcDateTime), bindparam("next_attempt_at", type_=UtcDateTime))
INSERT_JOB = text(
    "INSERT INTO jobs (kind, payload, created_at, is_scheduled, attempts) VALUES ('mail', json_build_object("
    "'recipient', CAST(:recipient AS text), 'subject', CAST(:subject AS text), 'text', CAST(:text AS text), "
    "'html', CAST(:html AS text)), :created_at, false, 0)"
).bindparams(bindparam("created_at", type_=UtcDateTime))
INSERT_REQUEST = text(
    "INSERT INTO mail_requests (mail, email, ip_address, user_agent, created_at) "
    "VALUES (:mail, :email, :ip_address, :user_agent, :created_at)"
).bindparams(bindparam("created_at", type_=UtcDateTime))
SELECT_MAILS = text(
    "SELECT recipient, subject, text, html, created_at, attempts, next_attempt_at, last_error FROM outbox_mails "
    "ORDER BY id"
).columns(created_at=UtcDateTime, next_attempt_at=UtcDateTime)
SELECT_REQUESTS = text("SELECT mail, email, ip_address, user_agent, created_at FROM mail_requests ORDER BY id").columns(
    created_at=UtcDateTime
)
SELECT_JOBS = text(
    "SELECT payload, created_at, attempts, run_at, last_error, is_scheduled, lease FROM jobs WHERE kind = :kind "
    "ORDER BY id"
).columns(payload=JSON, created_at=UtcDateTime, run_at=UtcDateTime)
# Begins the migration, and is killed before it can commit.
KILLED = """
import asyncio, sys
from alembic import command, op
from app.db import migrations

drop_table = op.drop_table

def drop_and_wait(name, *args, **options):
    drop_table(name, *args, **options)
    print("dropped", name, flush=True)
    sys.stdin.readline()

op.drop_table = drop_and_wait
asyncio.run(migrations.run(sys.argv[1], getattr(command, sys.argv[2]), sys.argv[3]))
"""


def a_mail(number: int) -> dict[str, Any]:
    """Some wait, some have been tried, and some are dead letters."""
    is_dead = number % 7 == 0
    return {
        "recipient": f"reader{number}@example.com",
        "subject": f"Subject {number} {ODD_TEXT[:20]}",
        "text": f"Text {number} {ODD_TEXT}",
        "html": f"<p>{number} & {ODD_TEXT}</p>",
        "created_at": NOW - timedelta(minutes=number),
        "attempts": 12 if is_dead else number % 5,
        "next_attempt_at": None if is_dead else NOW + timedelta(seconds=number),
        "last_error": ODD_TEXT if is_dead or number % 5 else None,
    }


def a_request(number: int) -> dict[str, Any]:
    return {
        "mail": "verification" if number % 2 else "password_reset",
        "email": f"ünal{number}@example.com",
        "ip_address": "203.0.113.7",
        "user_agent": ODD_TEXT,
        "created_at": NOW - timedelta(seconds=number),
    }


async def store(url: str) -> None:
    async with opened(url) as database, database.writing() as session:
        await session.execute(INSERT_MAIL, [a_mail(number) for number in range(MAILS)])
        await session.execute(INSERT_REQUEST, [a_request(number) for number in range(REQUESTS)])
        await session.commit()


async def read(url: str, query: Any, **parameters: str) -> list[dict[str, Any]]:
    async with opened(url) as database, database.reading() as session:
        return [dict(row) for row in (await session.execute(query, parameters)).mappings()]


async def assert_jobs(url: str) -> None:
    jobs = await read(url, SELECT_JOBS, kind="mail")
    for job, mail in zip(jobs, (a_mail(number) for number in range(MAILS)), strict=True):
        assert (not job.pop("is_scheduled"), job.pop("lease")) == (True, None)
        payload = {name: mail.pop(name) for name in ("recipient", "subject", "text", "html")}
        assert job == {"payload": payload, "run_at": mail.pop("next_attempt_at"), **mail}
    requests = await read(url, SELECT_JOBS, kind="mail_request")
    for job, request in zip(requests, (a_request(number) for number in range(REQUESTS)), strict=True):
        assert job["created_at"] == job["run_at"] == request.pop("created_at")
        assert (job["attempts"], job["payload"]) == (0, request)


async def assert_mails(url: str) -> None:
    assert await read(url, SELECT_MAILS) == [a_mail(number) for number in range(MAILS)]
    assert await read(url, SELECT_REQUESTS) == [a_request(number) for number in range(REQUESTS)]


async def test_what_waits_is_moved_and_comes_back(template: Template) -> None:
    async with template.copy() as url:
        await migrations.run(url, command.downgrade, BEFORE)
        before = await schema_of(url)
        await store(url)

        await migrations.run(url, command.upgrade, AFTER)
        await assert_jobs(url)
        await migrations.run(url, command.downgrade, BEFORE)
        await assert_mails(url)
        assert await schema_of(url) == before
        await migrations.run(url, command.upgrade, AFTER)
        await assert_jobs(url)


async def test_the_software_can_read_what_was_moved(template: Template) -> None:
    async with template.copy() as url:
        await migrations.run(url, command.downgrade, BEFORE)
        await store(url)
        await migrations.upgrade(url)

        for kind in ("mail", "mail_request"):
            for job in await read(url, SELECT_JOBS, kind=kind):
                payload = registrations()[kind].kind.read(job["payload"])
                assert json.dumps(registrations()[kind].kind.stored(payload)) == json.dumps(job["payload"])


@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_a_mail_that_is_being_written_meanwhile_is_moved_too(template: Template, direction: str) -> None:
    if template.is_sqlite:
        pytest.skip("nobody writes to a file while somebody else does")
    insert, select, target = INSERT_MAIL, SELECT_JOBS.bindparams(kind="mail"), AFTER
    if direction == "downgrade":
        insert, select, target = INSERT_JOB, SELECT_MAILS, BEFORE
    async with template.copy() as url:
        if direction == "upgrade":
            await migrations.run(url, command.downgrade, BEFORE)
        async with opened(url) as database, database.writing() as session:
            await session.execute(insert, a_mail(1))
            migrating = asyncio.create_task(migrations.run(url, getattr(command, direction), target))
            await asyncio.sleep(1)
            assert not migrating.done()
            await session.commit()
        await asyncio.wait_for(migrating, 60)

        assert len(await read(url, select)) == 1


@pytest.mark.process
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_a_migration_that_is_killed_has_not_begun(template: Template, direction: str) -> None:
    async with template.copy() as url:
        await migrations.run(url, command.downgrade, BEFORE)
        await store(url)
        target = AFTER
        if direction == "downgrade":
            await migrations.run(url, command.upgrade, AFTER)
            target = BEFORE
        before = await schema_of(url)

        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, url, direction, target,
            cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert (await asyncio.wait_for(process.stdout.readline(), 60)).startswith(b"dropped")
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

        assert await schema_of(url) == before
        await (assert_mails if direction == "upgrade" else assert_jobs)(url)
        await migrations.run(url, getattr(command, direction), target)
        await (assert_jobs if direction == "upgrade" else assert_mails)(url)
