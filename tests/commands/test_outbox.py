"""Looking after mails that have not left, from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from app.mail.models import OutboxMail
from fastapi import FastAPI
from sqlalchemy import select

from app.audit.models import AuditEvent
from app.core import clock
from tests.support.commands import run_command

MODULE = "commands.outbox"
DEAD, WAITING = None, datetime(2030, 1, 1, tzinfo=UTC)


async def store(app: FastAPI, *next_attempts: datetime | None) -> None:
    async with app.state.database.writing() as session:
        for next_attempt in next_attempts:
            mail = OutboxMail(
                recipient="anna@example.com",
                subject="Hi\x1b[2J",
                text="https://blog.example.com/reset?token=secret",
                html="<p>secret</p>",
                attempts=12,
                last_error="SMTPDataError: (554, 'no')",
            )
            session.add(mail)
            await session.flush()
            # Not before: a new mail is due at once.
            mail.next_attempt_at = next_attempt
            await session.flush()
        await session.commit()


async def run(app: FastAPI, *arguments: str, stdin: str = "", code: int = 0) -> str:
    result = await run_command(app.state.settings, MODULE, *arguments, stdin=stdin)
    assert result.exit_code == code, result.output
    return result.output


async def stored(app: FastAPI) -> dict[int, datetime | None]:
    async with app.state.database.reading() as session:
        mails = await session.scalars(select(OutboxMail).order_by(OutboxMail.id))
        return {mail.id: mail.next_attempt_at for mail in mails}


async def recorded(app: FastAPI) -> list[tuple[str, object]]:
    async with app.state.database.reading() as session:
        events = await session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(event.action, event.details) for event in events]


async def test_mails_are_listed_without_what_they_say(live_app: FastAPI) -> None:
    await store(live_app, DEAD, WAITING)

    table = await run(live_app, "list")
    assert "dead" in table
    assert "2030-01-01" in table
    lines = [json.loads(line) for line in (await run(live_app, "list", "--json")).splitlines()]
    assert [line["id"] for line in lines] == [2, 1]
    assert [json.loads(await run(live_app, "list", "--dead", "--json"))["id"]] == [1]
    for output in (
        table,
        json.dumps(lines),
        await run(live_app, "show", "1"),
        await run(live_app, "show", "1", "--json"),
    ):
        assert "secret" not in output
        assert "\x1b" not in output


async def test_what_a_mail_says_is_shown_to_whoever_insists(live_app: FastAPI) -> None:
    await store(live_app, DEAD)

    assert "?token=secret" in await run(live_app, "show", "1", "--body")
    assert json.loads(await run(live_app, "show", "1", "--body", "--json"))["text"].endswith("secret")
    assert "Email 7 not found" in await run(live_app, "show", "7", code=1)


async def test_mails_are_tried_again(live_app: FastAPI) -> None:
    await store(live_app, DEAD, DEAD, DEAD, WAITING)

    assert "2 emails" in await run(live_app, "retry", "1", "4")
    after = await stored(live_app)
    assert after[2] is None
    assert all(moment and abs(clock.now() - moment) < timedelta(minutes=1) for moment in (after[1], after[4]))
    assert "2 emails" in await run(live_app, "retry", "--all")
    assert None not in (await stored(live_app)).values()
    assert await recorded(live_app) == [("outbox.retried", {"mails": [1, 4]}), ("outbox.retried", {"mails": [2, 3]})]


async def test_mails_are_dropped_once_that_is_confirmed(live_app: FastAPI) -> None:
    await store(live_app, DEAD, DEAD, DEAD, WAITING)

    await run(live_app, "drop", "1", stdin="n\n", code=1)
    assert len(await stored(live_app)) == 4
    assert "1 email deleted" in await run(live_app, "drop", "1", stdin="y\n")
    assert "2 emails deleted" in await run(live_app, "drop", "--all-dead", "--yes")
    assert list(await stored(live_app)) == [4]
    assert await recorded(live_app) == [("outbox.dropped", {"mails": [1]}), ("outbox.dropped", {"mails": [2, 3]})]


async def test_of_several_mails_either_all_are_there_or_nothing_is_done(live_app: FastAPI) -> None:
    await store(live_app, DEAD)

    for command in (["retry", "1", "7"], ["drop", "--yes", "1", "7"]):
        assert "Email 7 not found" in await run(live_app, *command, code=1)

    assert await stored(live_app) == {1: None}
    assert await recorded(live_app) == []


@pytest.mark.parametrize(
    "arguments", [["retry"], ["retry", "--all", "1"], ["drop", "--yes"], ["drop", "--all-dead", "1"]]
)
@pytest.mark.one_database
async def test_it_must_be_clear_which_mails_are_meant(live_app: FastAPI, arguments: list[str]) -> None:
    await run(live_app, *arguments, code=2)
