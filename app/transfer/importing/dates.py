"""Dates as writers put them into front matter, file names and paths. Dates without an offset are in UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from app.transfer.importing.front_matter import BadPost

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    # Some write the year once more before the offset, as `date` does.
    r"(?:\s+\d{4})?"
    r"\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<offset_hours>\d{1,2}):?(?P<offset_minutes>\d{2})?)?"
)
_MOMENT = re.compile(
    rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?:(?:T|\s+){_TIME})?", re.IGNORECASE | re.ASCII
)
_DATED_NAME = re.compile(r"(?P<date>\d{4}-\d{1,2}-\d{1,2})[-_ ](?P<name>.+)", re.ASCII | re.DOTALL)
_DATED_PATH = re.compile(r"(?:^|/)(\d{4}/\d{1,2}/\d{1,2})/", re.ASCII)


def moment(value: Any) -> datetime:
    """The aware time that a field contains. Raises `BadPost`."""
    try:
        found = _moment(value)
        # Whatever cannot be expressed in UTC cannot be stored either.
        found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:
        # Nothing but a text is repeated: a list with aliases in it could be spelled out to billions of entries.
        given = f" {value[:60]!r}" if isinstance(value, str) else ""
        raise BadPost(f"its date{given} cannot be read") from error
    return found


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        found = value
    elif isinstance(value, date):
        found = datetime.combine(value, time())
    elif isinstance(value, str):
        found = _moment_of_text(value.strip())
    else:
        raise TypeError
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _moment_of_text(text: str) -> datetime:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return parsedate_to_datetime(text)
    year, month, day, hour, minute, second = (
        int(match[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")
    )
    microsecond = int((match["fraction"] or "0").ljust(6, "0")[:6])
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_zone(match))


def _zone(match: re.Match[str]) -> timezone:
    distance = timedelta(hours=int(match["offset_hours"] or 0), minutes=int(match["offset_minutes"] or 0))
    return timezone(-distance if match["sign"] == "-" else distance)


def split_name(name: str) -> tuple[datetime | None, str]:
    """The date that a file name begins with, and the rest of the name: `2013-05-06-title`."""
    match = _DATED_NAME.fullmatch(name)
    found = _or_none(match["date"]) if match else None
    return (found, match["name"]) if match and found else (None, name)


def date_in_path(path: str) -> datetime | None:
    """The date contained in a path: `inside-rust/2020/07/27/title`."""
    match = _DATED_PATH.search(path)
    return _or_none(match[1]) if match else None


def _or_none(text: str) -> datetime | None:
    try:
        return moment(text)
    except BadPost:
        return None
