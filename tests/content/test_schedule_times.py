"""Times of a schedule that go by the clocks of a time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select, update

from app.content import wall_times
from app.content.jobs import PUBLICATIONS
from app.content.models import Schedule
from app.content.services.schedule_renewal import renew_schedules
from app.content.wall_times import in_zone, moment, said
from app.core.client import COMMAND_LINE
from app.queue.models import Job
from app.unit_of_work import unit_of_work
from tests.support.jobs import run_due
from tests.support.problems import fields_of, problem_in
from tests.support.writing import read, write

ARTICLE = "/articles/an-article"
PUBLICATION = f"{ARTICLE}/publication"
SCHEDULE = f"{ARTICLE}/schedule"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    ("time", "zone", "at"),
    [
        # Before and after summer time begins and ends.
        ("2026-03-28T09:00:00", "Europe/Berlin", "2026-03-28T08:00:00Z"),
        ("2026-03-30T09:00:00", "Europe/Berlin", "2026-03-30T07:00:00Z"),
        ("2026-10-24T09:00:00", "Europe/Berlin", "2026-10-24T07:00:00Z"),
        ("2026-10-26T09:00:00", "Europe/Berlin", "2026-10-26T08:00:00Z"),
        ("2026-10-26T09:00", "Asia/Kathmandu", "2026-10-26T03:15:00Z"),
        # Shown twice: the first one, unless the offset says otherwise.
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+02:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+01:00", "Europe/Berlin", "2026-10-25T01:30:00Z"),
        # A moment, whoever says it.
        ("2026-03-30T09:00:00Z", "Europe/Berlin", "2026-03-30T09:00:00Z"),
        ("2026-03-30T09:00:00-08:00", None, "2026-03-30T17:00:00Z"),
    ],
)
async def test_what_moment_it_is(author: httpx.AsyncClient, time: str, zone: str | None, at: str) -> None:
    await write(author)

    response = await author.put(PUBLICATION, json={"publish_at": time, "time_zone": zone})

    schedule = response.json()["schedule"]
    assert (schedule["publish_at"], schedule["time_zone"]) == (at, zone)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"publish_at": "2026-03-30T09:00:00"}, "publish_at"),
        ({"unpublish_at": "2026-03-30T09:00:00", "time_zone": None}, "unpublish_at"),
        # Clocks are put forward from two to three.
        ({"publish_at": "2026-03-29T02:30:00", "time_zone": "Europe/Berlin"}, "publish_at"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": ""}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "localtime"}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "../UTC"}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "Europe"}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "\u0000"}, "time_zone"),
        ({"publish_at": "2026-03-30T09:00:00", "time_zone": "europe/berlin"}, "time_zone"),
        ({"publish_at": 1900000000}, "publish_at"),
        ({"publish_at": "2026-03-30"}, "publish_at"),
        ({"publish_at": "9999-12-31T23:59:59", "time_zone": "America/New_York"}, "publish_at"),
        ({"publish_at": "0001-01-01T00:00:00", "time_zone": "Asia/Tokyo"}, "publish_at"),
        ({"publish_at": "0001-01-01T00:00:00+14:00"}, "publish_at"),
    ],
)
async def test_what_is_no_time(author: httpx.AsyncClient, fields: Any, wrong: str) -> None:
    await write(author)

    problem = problem_in(await author.put(PUBLICATION, json=fields), 422, "validation_error")

    assert fields_of(problem) == [wrong]


async def _renew(app: FastAPI) -> None:
    async with unit_of_work(app.state.database.writing, app.state.process, COMMAND_LINE) as unit:
        await renew_schedules(unit)


async def test_new_rules_of_a_time_zone(
    app: FastAPI, author: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    await write(author)
    zone = "Europe/Berlin"
    await author.put(
        PUBLICATION,
        json={"publish_at": "2026-03-01T13:30:00", "unpublish_at": "2026-03-01T13:40:00", "time_zone": zone},
    )
    await _renew(app)
    assert (await read(author, SCHEDULE))["publish_at"] == "2026-03-01T12:30:00Z"

    # Of another zone, which an update of the rules could give to this one.
    monkeypatch.setattr(wall_times, "ZoneInfo", lambda _: ZoneInfo("Atlantic/Azores"))
    await _renew(app)

    moved = await read(author, SCHEDULE)
    assert (moved["publish_at"], moved["unpublish_at"]) == ("2026-03-01T14:30:00Z", "2026-03-01T14:40:00Z")
    clock.move_to(datetime(2026, 3, 1, 12, 5, tzinfo=UTC))
    async with app.state.database.writing() as session:
        # Tokens would not last so long.
        await session.execute(update(Schedule).values(publish_at=clock_at(12, 4), unpublish_at=clock_at(12, 20)))
        await session.execute(update(Job).where(Job.kind == PUBLICATIONS.name).values(run_at=clock_at(12, 4)))
        await session.commit()
    await run_due(app, PUBLICATIONS)
    assert (await read(author, ARTICLE))["status"] == "published"


def clock_at(hour: int, minute: int) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


async def test_a_schedule_that_has_lost_its_job_is_carried_out_after_a_start(
    app: FastAPI, author: httpx.AsyncClient, clock: time_machine.Traveller
) -> None:
    await write(author)
    await author.put(PUBLICATION, json={"publish_at": "2026-03-01T12:01:00Z"})
    async with app.state.database.writing() as session:
        for job in await session.scalars(select(Job).where(Job.kind == PUBLICATIONS.name)):
            await session.delete(job)
        await session.commit()
    clock.move_to(clock_at(12, 1))
    assert await run_due(app, PUBLICATIONS) == 0

    await _renew(app)

    assert await run_due(app, PUBLICATIONS) == 1
    assert (await read(author, ARTICLE))["status"] == "published"


async def test_a_clock_that_is_put_back(app: FastAPI, author: httpx.AsyncClient, clock: time_machine.Traveller) -> None:
    """Neither before its time, by the clock as it is now, nor twice, nor never."""
    await write(author)
    await author.put(PUBLICATION, json={"publish_at": "2026-03-01T12:01:00Z"})
    async with app.state.database.writing() as session:
        await session.execute(update(Job).where(Job.kind == PUBLICATIONS.name).values(run_at=clock_at(11, 0)))
        await session.commit()

    assert await run_due(app, PUBLICATIONS) == 1
    assert (await read(author, ARTICLE))["status"] == "draft"
    clock.move_to(clock_at(12, 1))
    assert await run_due(app, PUBLICATIONS) == 1

    published = await read(author, ARTICLE)
    clock.move_to(clock_at(11, 58))
    assert await run_due(app, PUBLICATIONS) == 0
    clock.move_to(clock_at(12, 2))
    assert await run_due(app, PUBLICATIONS) == 0
    assert await read(author, ARTICLE) == published


@pytest.mark.one_database
def test_of_two_times_the_one_that_was_meant_stays() -> None:
    second = in_zone(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin")

    assert moment(said(second), "Europe/Berlin") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.one_database
def test_a_zone_that_is_not_known_here_is_gone_by_as_it_was() -> None:
    assert moment("2026-07-01T09:00:00+02:00", "Europe/Nowhere") == datetime(2026, 7, 1, 7, tzinfo=UTC)
