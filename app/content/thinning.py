"""Which revisions are not worth keeping any longer.

Each decision depends on the revisions alone and becomes stricter with time, so it makes no difference how often they
are thinned out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_ALL_ARE_KEPT = timedelta(days=7)
_HOURS_ARE_KEPT = timedelta(days=30)
_SUPERSEDED_ARE_KEPT = timedelta(days=1)


@dataclass(frozen=True)
class RevisionAge:
    """What decides how long a revision stays.

    `is_kept` says that it stays as long as the article: it was published, has a name, is the live text, or something is
    based on it. `superseded_at` is when a later autosave took its place, if one did.
    """

    number: int
    created_at: datetime
    is_kept: bool
    superseded_at: datetime | None = None


def dispensable(revisions: Iterable[RevisionAge], now: datetime) -> set[int]:
    """The numbers of those of an article's revisions that go.

    Of those older than a week the last of each hour stays, and of those older than a month the last of each day (in
    UTC). Superseded ones go after a day. What is kept stays, and so does what the clock says is not yet made.
    """
    several = sorted(revisions, key=lambda revision: (revision.created_at, revision.number))
    lasts: dict[tuple[int, ...], int] = {}
    for revision in several:
        if revision.superseded_at is None:
            lasts[_hour(revision)] = lasts[_day(revision)] = revision.number
    return {revision.number for revision in several if not revision.is_kept and not _has_its_time(revision, lasts, now)}


def first_question(since: datetime, *, is_superseded: bool = False) -> datetime:
    """When to ask first whether to keep a revision; made then, or superseded."""
    return since + (_SUPERSEDED_ARE_KEPT if is_superseded else _ALL_ARE_KEPT)


def ask_again_later(now: datetime) -> datetime:
    """When to ask again about one that stays for the time being, whatever its age."""
    return now + _ALL_ARE_KEPT


def next_question(revision: RevisionAge, now: datetime) -> datetime | None:
    """When to ask again about one that stays; None if it stays for ever."""
    if revision.is_kept:
        return None
    if revision.superseded_at is not None:
        return first_question(revision.superseded_at, is_superseded=True)
    turns = (revision.created_at + age for age in (_ALL_ARE_KEPT, _HOURS_ARE_KEPT))
    return next((turn for turn in turns if turn >= now), None)


def _has_its_time(revision: RevisionAge, lasts: dict[tuple[int, ...], int], now: datetime) -> bool:
    if revision.superseded_at is not None:
        return now - revision.superseded_at <= _SUPERSEDED_ARE_KEPT
    age = now - revision.created_at
    if age <= _ALL_ARE_KEPT:
        return True
    # Whatever is later in the same hour or day is younger, and so outlasts it.
    among = _hour(revision) if age <= _HOURS_ARE_KEPT else _day(revision)
    return lasts[among] == revision.number


def _day(revision: RevisionAge) -> tuple[int, ...]:
    return revision.created_at.astimezone(UTC).timetuple()[:3]


def _hour(revision: RevisionAge) -> tuple[int, ...]:
    return revision.created_at.astimezone(UTC).timetuple()[:4]
