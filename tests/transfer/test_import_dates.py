"""Dates in front matter, file names and paths."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest

from app.transfer.importing.dates import date_in_path, moment, split_name
from app.transfer.importing.front_matter import BadPost

NOON = datetime(2020, 2, 29, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2020-02-29 12:00:30",
        "2020-02-29 14:00:30 +0200",
        "2020-02-29 14:00:30 +02:00",
        "2020-02-29T14:00:30+02",
        "2020-02-29T12:00:30Z",
        "2020-02-29 12:00:30 UTC",
        "2020-02-29 06:30:30 -0530",
        "2020-02-29 06:30:30 -5:30",
        "2020/2/29 12:00:30",
        "2020-02-29 12:00:30 2020 +0000",
        "2020-02-29T12:00:30.000000000Z",
        "  2020-02-29t12:00:30z ",
        "Sat, 29 Feb 2020 14:00:30 +0200",
        datetime(2020, 2, 29, 12, 0, 30),  # noqa: DTZ001 - TOML has local times
        datetime(2020, 2, 29, 14, 0, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_the_same_moment(value: Any) -> None:
    assert moment(value) == NOON


@pytest.mark.parametrize("value", ["2020-02-29", "2020/02/29", "2020-2-29 0:00", date(2020, 2, 29)])
def test_a_day_begins_at_midnight_in_utc(value: Any) -> None:
    assert moment(value) == datetime(2020, 2, 29, tzinfo=UTC)


def test_the_writers_own_day_is_kept() -> None:
    assert moment("2013-09-06 22:02:41 -0400").date() == date(2013, 9, 6)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "yesterday",
            "2020-02-30",
            "2020-02-29 24:00",
            "2020-02-29 12:00 +2500",
            "0001-01-01 00:00 +0100",
            "20200229",
        ),
        *("", 1582977630, 2020.5, True, ["2020-02-29"], {"year": 2020}, time(12)),
    ],
)
def test_what_is_no_date(value: Any) -> None:
    with pytest.raises(BadPost, match="cannot be read"):
        moment(value)


@pytest.mark.parametrize(
    ("name", "day", "rest"),
    [
        ("2013-05-06-jekyll-1-0-0", date(2013, 5, 6), "jekyll-1-0-0"),
        ("2013-5-6_title", date(2013, 5, 6), "title"),
        ("2013-05-06", None, "2013-05-06"),
        ("2013-13-06-title", None, "2013-13-06-title"),
        ("title-2013-05-06-x", None, "title-2013-05-06-x"),
    ],
)
def test_a_date_in_a_file_name(name: str, day: date | None, rest: str) -> None:
    found, remaining = split_name(name)
    assert (found.date() if found else None, remaining) == (day, rest)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("inside-rust/2020/07/27/1.45.1-prerelease", date(2020, 7, 27)),
        ("/2020/7/5/title", date(2020, 7, 5)),
        ("2020/07/27", None),
        ("x12020/07/27/title", None),
        ("2020/17/27/title", None),
        ("", None),
    ],
)
def test_a_date_in_a_path(path: str, day: date | None) -> None:
    found = date_in_path(path)
    assert (found.date() if found else None) == day
