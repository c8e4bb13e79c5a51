"""Old revisions thin out, in the same way however often that is done, and never too early."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.thinning import RevisionAge, dispensable
from tests.support.examples import examples

pytestmark = pytest.mark.one_database

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
# Ages at which something happens, and others; a negative one is in the future.
ages = st.sampled_from([timedelta(), timedelta(days=1), WEEK, MONTH, timedelta(days=-3)]).flatmap(
    lambda near: st.timedeltas(near - timedelta(hours=30), near + timedelta(hours=30))
)


@st.composite
def histories(draw: st.DrawFn) -> list[RevisionAge]:
    times = draw(st.lists(ages, max_size=25))
    return [
        RevisionAge(
            number=number,
            created_at=NOW - age,
            is_kept=draw(st.sampled_from([False, False, False, True])),
            superseded_at=NOW - age + timedelta(minutes=1) if draw(st.sampled_from([False, False, True])) else None,
        )
        for number, age in enumerate(times, start=1)
    ]


def _thinned(revisions: list[RevisionAge], now: datetime) -> list[RevisionAge]:
    gone = dispensable(revisions, now)
    return [revision for revision in revisions if revision.number not in gone]


def _revision(number: int, age: timedelta, *, is_kept: bool = False) -> RevisionAge:
    return RevisionAge(number, NOW - age, is_kept)


@given(histories(), st.lists(st.timedeltas(timedelta(), timedelta(days=40)), max_size=5))
@examples(100)
def test_thinning_often_is_thinning_once(revisions: list[RevisionAge], waits: list[timedelta]) -> None:
    """Which includes that a second time changes nothing."""
    now, often = NOW, revisions
    for wait in waits:
        now += wait
        often = _thinned(_thinned(often, now), now)
    assert _thinned(often, now) == _thinned(revisions, now)


@given(histories())
@examples(60)
def test_what_always_stays(revisions: list[RevisionAge]) -> None:
    gone = dispensable(revisions, NOW)
    for revision in revisions:
        if revision.is_kept or revision.created_at > NOW:
            assert revision.number not in gone
        elif revision.superseded_at is None:
            assert revision.number not in gone or NOW - revision.created_at > WEEK
        else:
            assert (revision.number in gone) == (NOW - revision.superseded_at > timedelta(days=1))


@given(histories())
@examples(60)
def test_every_hour_or_day_is_still_there(revisions: list[RevisionAge]) -> None:
    listed = [revision for revision in revisions if revision.superseded_at is None]
    left = [revision for revision in _thinned(revisions, NOW) if revision.superseded_at is None]

    def days(some: list[RevisionAge]) -> set[str]:
        return {f"{revision.created_at:%d.%m.}" for revision in some}

    def hours(some: list[RevisionAge]) -> set[str]:
        # Of a day that ends before a month ago, less than all hours are left.
        return {f"{revision.created_at:%d.%m. %H}" for revision in some if revision.created_at > NOW - MONTH}

    assert days(left) == days(listed)
    assert hours(left) == hours(listed)


def test_the_last_of_each_hour_and_of_each_day_stays() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    ten_days, hundred_days = timedelta(days=10), timedelta(days=100)
    revisions = [
        _revision(1, hundred_days + 3 * minute),
        _revision(2, hundred_days),
        _revision(3, hundred_days - 2 * hour),
        _revision(4, hundred_days - 2 * hour, is_kept=True),
        _revision(5, ten_days - minute),
        _revision(6, ten_days - 2 * minute),
        _revision(7, ten_days - hour),
        _revision(8, WEEK),
        _revision(9, WEEK),
    ]
    assert dispensable(revisions, NOW) == {1, 2, 3, 5}


def test_days_are_those_of_utc() -> None:
    elsewhere = timezone(timedelta(hours=14))
    late = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    revisions = [
        RevisionAge(1, late.astimezone(elsewhere), is_kept=False),
        RevisionAge(2, late + timedelta(hours=1), is_kept=False),
    ]
    assert dispensable(revisions, NOW) == set()


def test_what_the_clock_made_late_is_not_the_last_of_today() -> None:
    """The clock was a year ahead for a while: what it wrote then stays, and replaces nothing of now."""
    revisions = [_revision(1, timedelta(days=-365)), _revision(2, timedelta()), _revision(3, timedelta(days=-365))]
    assert dispensable(revisions, NOW) == set()
    assert dispensable(revisions, NOW + timedelta(days=300)) == set()
