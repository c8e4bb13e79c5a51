"""Dates as writers put them into front matter, file names and paths. Dates without an offset are in UTC."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from app.transfer.importing.front_matter import BadPost
from app.transfer.importing.timestamps import moment_of

_DATED_NAME = re.compile(r"(?P<date>\d{4}-\d{1,2}-\d{1,2})[-_ ](?P<name>.*)", re.ASCII | re.DOTALL)
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
        found = moment_of(value)
    else:
        raise TypeError
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
