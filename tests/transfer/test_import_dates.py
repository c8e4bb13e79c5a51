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


@pytest.mark.parametrize(
    ("text", "hour_in_utc"),
    [
        ("Jan 5, 2019 10:00:00 PM", 22),
        ("January 5, 2019 at 10 p.m.", 22),
        ("January 5th, 2019, 10:00pm", 22),
        ("Jan. 5 2019 12:00 AM", 0),
        ("2019-01-05 9:00 PM", 21),
        ("2019-01-05 12:00 PM", 12),
        ("Saturday, January 5, 2019 10:00", 10),
        ("Saturday, 5 January 2019 10:00:00 GMT", 10),
        ("the 5th of January 2019 10:00", 10),
        ("5-Jan-2019 10:00", 10),
        ("2019 Jan 5 10:00", 10),
        ("2019-01-05 Sat 10:00", 10),
        ("2019.01.05 10:00", 10),
        ("2019年1月5日 10:00", 10),
        ("2019년 1월 5일 10:00", 10),
        ("2019-01-05 10:00 CET", 9),
        ("2019-01-05 10:00 cet", 9),
        ("2019-01-05 10:00 CEST", 8),
        ("2019-01-05T10:00 JST", 1),
        ("2019-01-05 10:00 EST", 15),
        ("2019-01-05 9:00 PM PDT", 28),
        ("2019-01-05 10:00 Europe/Berlin", 9),
        ("2019-01-05T10:00:00+01:00[Europe/Berlin]", 9),
        ("2019-01-05 10:00 America/Argentina/Buenos_Aires", 13),
        ("2019-01-05 10:00:00 +0800 CST", 2),
        ("2019-01-05 10:00:00 -0600 CST", 16),
        ("2019-01-05 10:00:00.000000001 +0530 IST m=+0.000000001", 4.5),
        ("2019-01-05 10:00:00 +0430 +0430", 5.5),
        ("2019-01-05 20:00.000000000 +08:00", 12),
        ("2019-01-05 10:00 UTC+2", 8),
        ("2019-01-05 10:00 \N{MINUS SIGN}02:00", 12),
        ("Sat Jan 05 2019 10:00:00 GMT+0100 (Central European Standard Time)", 9),
        ("Sat Jan  5 10:00:00 2019", 10),
        ("Sat Jan  5 10:00:00 CET 2019", 9),
        ("Sat Jan 05 10:00:00 2019 +0100", 9),
        ("Sat, 05 Jan 2019 10:00:00 EST", 15),
        ("05 Jan 2019 10:00:00 -0000", 10),
    ],
)
def test_forms_of_people_and_programs(text: str, hour_in_utc: float) -> None:
    assert moment(text) == datetime(2019, 1, 5, tzinfo=UTC) + timedelta(hours=hour_in_utc)


@pytest.mark.parametrize(
    "text",
    ["25/01/2019", "01/25/2019", "25.1.2019", "1-25-2019", "January 25, 2019", "25. January 2019", "1/25/2019, 0:00"],
)
def test_a_day_that_can_be_read_in_one_way_only(text: str) -> None:
    assert moment(text) == datetime(2019, 1, 25, tzinfo=UTC)


def test_summer_time_is_that_of_the_day() -> None:
    assert moment("2019-07-05 10:00 Europe/Berlin") == datetime(2019, 7, 5, 8, tzinfo=UTC)
    assert moment("2019-10-27 02:30 Europe/Berlin") == datetime(2019, 10, 27, 0, 30, tzinfo=UTC)


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
            "2020-02-29 10:00 or so",
            "about 2020-02-29",
            "2020-02-29, in the morning",
            "2020-02-29 10:00 CST",
            "2020-02-29 10:00 IST",
            "2020-02-29 10:00 XYZ",
            "2020-02-29 10:00 Europe/Nowhere",
            "2020-02-29 10:00 ../../etc/passwd",
            "2020-02-29 10:00 +0300 CST",
            "2020-02-29 10:00 +0300 Europe/Berlin",
            "2020-02-29 10:00 +0300 +0200",
            "2020-02-29 10:00 +0300 or so",
            "2020-02-29 10:00 +0300 2019",
            "2020-03-29 02:30 Europe/Berlin",
            "2020-02-29 10:00:00:00",
            "2020-02-29 10:00.5",
            "2020-02-29 10",
            "2020-02-29 13:00 PM",
            "2020-02-29 0:30 AM",
            "2020-02-29 10:60",
            "2020-02-29 10:00 PMs",
            "2020-02/29",
            "Sunday, February 29, 2020",
            "Sat, 29 Feb 20",
            "29 février 2020",
            "01/02/2020",
            "1.2.2020",
            "13/13/2020",
            "February 2020",
            "2020",
            "2020-02",
            "10:00",
            "٢٠٢٠-٠٢-٢٩",
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
