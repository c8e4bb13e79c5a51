"""Reading the audit log from the command line."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from fastapi import FastAPI

from app.audit.actions import declared_actions
from app.audit.models import AuditEvent
from app.core import clock
from commands import audit
from tests.support.commands import run_command
from tests.support.users import Users

MODULE = "commands.audit"
NOW = clock.now()


async def store(app: FastAPI, *events: dict[str, Any]) -> None:
    async with app.state.database.writing() as session:
        for event in events:
            nothing = {"ip_address": "", "user_agent": "", "request_id": "-", "details": {}}
            session.add(AuditEvent(**{**nothing, **event}))
            await session.flush()
        await session.commit()


async def actions(app: FastAPI, *arguments: str) -> list[str]:
    result = await run_command(app.state.settings, MODULE, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line)["action"] for line in result.stdout.splitlines()]


async def test_events_are_found_by_the_filters_of_the_api(live_app: FastAPI) -> None:
    await store(
        live_app,
        {"action": "login.failed", "ip_address": "203.0.113.7", "at": NOW - timedelta(days=9)},
        {"action": "login.succeeded", "actor_id": 5, "subject_type": "users", "subject_id": 5, "at": NOW},
        {"action": "tag.merged", "actor_id": 6, "subject_type": "tags", "subject_id": 5, "at": NOW},
    )
    day = f"{NOW - timedelta(days=1):%Y-%m-%d}"

    assert await actions(live_app, "list") == ["tag.merged", "login.succeeded", "login.failed"]
    assert await actions(live_app, "list", "--limit", "1") == ["tag.merged"]
    assert await actions(live_app, "tail", "--limit", "2") == ["login.succeeded", "tag.merged"]
    assert await actions(live_app, "list", "--action", "login.") == ["login.succeeded", "login.failed"]
    assert await actions(live_app, "list", "--actor-id", "6") == ["tag.merged"]
    assert await actions(live_app, "list", "--subject-type", "users", "--subject-id", "5") == ["login.succeeded"]
    assert await actions(live_app, "list", "--ip-address", "203.0.113.7") == ["login.failed"]
    assert await actions(live_app, "list", "--since", "7d") == ["tag.merged", "login.succeeded"]
    assert await actions(live_app, "list", "--until", day) == ["login.failed"]
    assert await actions(live_app, "tail", "--action", "article.") == []


async def test_a_line_of_the_table_says_it_all(live_app: FastAPI, live_users: Users) -> None:
    anna = await live_users.user(username="anna")
    event = {
        "action": "article.deleted",
        "actor_id": anna.id,
        "subject_type": "articles",
        "subject_id": 7,
        "ip_address": "203.0.113.7",
        "user_agent": "Evil\x1b[2J\x9b2J [red]browser[/red]",
        "details": {"author": 3},
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    }
    await store(live_app, event)

    result = await run_command(live_app.state.settings, MODULE, "list")

    line = result.stdout.rstrip().splitlines()[-1]
    for part in ("2026-01-02 03:04:05", "article.deleted", "anna", "articles #7", "203.0.113.7", "author=3"):
        assert part in line
    # Nothing that somebody sent gives orders to the terminal.
    assert "Evil\ufffd[2J\ufffd2J [red]browser[/red]" in line
    as_json = await run_command(live_app.state.settings, MODULE, "list", "--json")
    assert as_json.stdout.isascii()
    assert json.loads(as_json.stdout)["user_agent"] == event["user_agent"]


async def test_the_log_is_followed(live_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(live_app, *({"action": f"step.{number}"} for number in range(4)))
    read = audit._newest
    pauses: list[float] = []

    def read_and_add(*arguments: Any) -> Any:
        found = read(*arguments)
        # The last event happens after the first look.
        return found[1:] if not pauses else found

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(audit, "_newest", read_and_add)
    monkeypatch.setattr("time.sleep", pause)

    assert await actions(live_app, "tail", "--follow", "--limit", "2") == ["step.1", "step.2", "step.3"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T03:04", datetime(2026, 1, 2, 3, 4, tzinfo=UTC)),
        ("2026-01-02 03:04:00+02:00", datetime(2026, 1, 2, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_date_with_or_without_a_time(text: str, moment: datetime) -> None:
    assert audit._moment(text) == moment


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("12h", timedelta(hours=12)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_moment_may_be_so_long_ago(monkeypatch: pytest.MonkeyPatch, text: str, before: timedelta) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)

    assert audit._moment(text) == NOW - before


@pytest.mark.parametrize("text", ["", "yesterday", "7", "-7d", "7y", "999999w", "2026-02-30", "0001-01-01T00:00+10:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        audit._moment(text)


@pytest.mark.one_database
async def test_the_actions_are_listed_without_a_database(live_app: FastAPI) -> None:
    unusable = live_app.state.settings.model_copy(update={"database_url": "sqlite:////nowhere/blog.db"})
    result = await run_command(unusable, MODULE, "actions")

    assert result.exit_code == 0, result.output
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines() if "." in line]
    assert [name for name, _ in lines] == [each.name for each in declared_actions()]
    assert "Someone failed to log in" in result.stdout


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--since", "yesterday", 2), ("--action", "LOGIN", 1), ("--action", "login.fail", 1), ("--actor-id", "0", 1)],
)
@pytest.mark.one_database
async def test_a_filter_that_makes_no_sense_is_refused(live_app: FastAPI, option: str, value: str, code: int) -> None:
    refused = await run_command(live_app.state.settings, MODULE, "list", option, value)

    assert refused.exit_code == code
    assert option.removeprefix("--").replace("-", "_") in refused.stderr.replace("-", "_")
