"""Times as a clock on somebody's wall shows them, and the moments that they stand for."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

# The machine's own, whatever that is.
_LOCAL = "localtime"


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones()) - {_LOCAL}


def known_zone(name: str) -> str:
    """The name of an IANA time zone. Raises `ValueError`."""
    if name not in _known():
        raise ValueError("is not a time zone of the IANA database, such as Europe/Lisbon")
    return name


def in_zone(value: datetime, zone: str) -> datetime:
    """A time in a zone: as its clocks show it or, given with an offset, when they show that.

    Of an hour that clocks show twice, the first one is meant. Raises `ValueError` for a time that they leave out.
    """
    place = ZoneInfo(zone)
    try:
        if value.tzinfo is not None:
            return value.astimezone(place)
        shown = value.replace(tzinfo=place)
        if shown.astimezone(UTC).astimezone(place).replace(tzinfo=None, fold=0) != value:
            raise ValueError("does not exist in this time zone: clocks are put forward then")
    except OverflowError as error:
        raise ValueError("is out of range") from error
    return shown


def said(value: datetime) -> str:
    """A time in a zone, as it is stored."""
    return value.isoformat()


def moment(said: str, zone: str) -> datetime:
    """What moment this is by the rules that are known now; of two, the one with the offset that it had."""
    then = datetime.fromisoformat(said)
    try:
        place = ZoneInfo(zone)
    except ZoneInfoNotFoundError:
        # Known once, but not here and now.
        return then.astimezone(UTC)
    both = [then.replace(tzinfo=place, fold=fold) for fold in (0, 1)]
    meant = next((time for time in both if time.utcoffset() == then.utcoffset()), both[0])
    return meant.astimezone(UTC)
