"""Moments as text, in the many forms that people and programs write. A text is understood as a whole or not at all."""

import re
from datetime import date, datetime, time

from app.transfer.importing.zones import in_zone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOON = 12
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?P<month_name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)\.?"
)
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})"
_ORDINAL = rf"{_DAY}(?:st|nd|rd|th)?"
_TIME = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:[.,](?P<fraction>\d{1,12}))?)?"
    r"(?:\s?(?P<half>[ap])(?:m|\.m\.)(?!\w))?"
)
_DATES = (
    rf"{_YEAR}(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark){_DAY}(?:,?\s{_WEEKDAY})?",
    rf"{_YEAR}[年년]\s?(?P<month>\d{{1,2}})[月월]\s?{_DAY}[日일]",
    rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<second_number>\d{{1,2}})(?P=mark){_YEAR}",
    rf"(?:{_WEEKDAY},?\s)?{_MONTH}\s{_ORDINAL},?\s{_YEAR}",
    rf"(?:{_WEEKDAY},?\s)?(?:the\s)?{_ORDINAL}\.?(?:\s|-)(?:of\s)?{_MONTH},?(?:\s|-){_YEAR}",
    rf"{_YEAR}(?:\s|-){_MONTH}(?:\s|-){_DAY}",
)
# Between day and time; programs write a T, people a comma or "at".
_BETWEEN = r"(?:T|,?\sat\s|,?\s)"
_FORMS = [
    *(re.compile(rf"{day}(?:{_BETWEEN}{_TIME}(?P<rest>.*))?", re.IGNORECASE | re.ASCII) for day in _DATES),
    # What `date` and C's `ctime` print.
    re.compile(
        rf"{_WEEKDAY},?\s{_MONTH}\s{_DAY}\s{_TIME}(?:\s(?P<early_rest>[A-Z]{{1,5}}|[+-]\d{{4}}))?\s{_YEAR}"
        rf"(?:\s(?P<rest>[+-]\d{{4}}))?",
        re.IGNORECASE | re.ASCII,
    ),
]
# Some write the year once more before the offset.
_YEAR_AGAIN = re.compile(r"(?P<year>\d{4})(?=\s|$)", re.ASCII)


def moment_of(text: str) -> datetime:
    """The aware moment that the text describes; without a zone, it is in UTC. Raises `ValueError`."""
    line = " ".join(text.split())
    match = next((match for form in _FORMS if (match := form.fullmatch(line))), None)
    if match is None:
        raise ValueError
    parts = match.groupdict()
    day = _day(parts)
    if parts.get("weekday") and _DAYS.index(parts["weekday"][:3].lower()) != day.weekday():
        raise ValueError
    zones = [zone for zone in (parts.get("early_rest"), _without_year(parts.get("rest") or "", day.year)) if zone]
    if len(zones) > 1:
        raise ValueError
    return in_zone(datetime.combine(day, _time(parts)), "".join(zones))


def _day(parts: dict[str, str | None]) -> date:
    day = int(parts.get("day") or 0)
    if name := parts.get("month_name"):
        month = _MONTHS.index(name[:3].lower()) + 1
    elif first := parts.get("first"):
        day, month = _day_and_month(int(first), int(parts["second_number"] or 0))
    else:
        month = int(parts["month"] or 0)
    return date(int(parts["year"] or 0), month, day)


def _day_and_month(first: int, second: int) -> tuple[int, int]:
    """Some write the month first, others the day: only what can be read in one way is read."""
    if second <= len(_MONTHS) < first or first == second:
        return first, second
    if first <= len(_MONTHS) < second:
        return second, first
    raise ValueError


def _time(parts: dict[str, str | None]) -> time:
    if parts["hour"] is None:
        return time()
    hour, minute, second = int(parts["hour"]), int(parts["minute"] or 0), int(parts["second"] or 0)
    microsecond = int((parts["fraction"] or "").ljust(6, "0")[:6])
    # A lone number is no time, and nobody can say what a fraction of a minute was meant to be.
    if (parts["minute"] is None and not parts["half"]) or (parts["second"] is None and microsecond):
        raise ValueError
    if half := parts["half"]:
        hour = _hour_of_half_day(hour, half)
    return time(hour, minute, second, microsecond)


def _hour_of_half_day(hour: int, half: str) -> int:
    if not 1 <= hour <= _NOON:
        raise ValueError
    return hour % _NOON + (_NOON if half in "pP" else 0)


def _without_year(rest: str, year: int) -> str:
    rest = rest.strip()
    match = _YEAR_AGAIN.match(rest)
    if match is None:
        return rest
    if int(match["year"]) != year:
        raise ValueError
    return rest[match.end() :].strip()
