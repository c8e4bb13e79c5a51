"""Time zones as writers name them: offsets, abbreviations, and names from the IANA database."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# By hours. What is there more than once, like CST (Chicago, Shanghai, Havana) and IST (Mumbai, Dublin, Jerusalem), only
# confirms an offset that stands beside it.
_NAMES = {
    -11: "SST",
    -10: "HST",
    -9: "AKST",
    -8: "PST AKDT",
    -7: "MST PDT",
    -6: "CST MDT",
    -5: "EST CDT CST ECT",
    -4: "EDT AST CDT AMT ECT",
    -3.5: "NST",
    -3: "BRT ADT",
    -2.5: "NDT",
    -2: "GST",
    0: "Z UTC UT GMT WET",
    1: "CET MEZ WEST WAT BST IST",
    2: "CEST MESZ EET CAT SAST IST",
    3: "EEST MSK EAT TRT AST",
    4: "GST AMT ADT",
    5: "PKT UZT",
    5.5: "IST",
    5.75: "NPT",
    6: "BST",
    7: "WIB ICT",
    8: "HKT SGT AWST PHT CST SST WST",
    9: "JST KST CDT",
    9.5: "ACST",
    10: "AEST CHST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT WST",
}
_OFFSETS: dict[str, list[timedelta]] = {}
for _hours, _abbreviations in _NAMES.items():
    for _name in _abbreviations.split():
        _OFFSETS.setdefault(_name, []).append(timedelta(hours=_hours))
_OFFSET = re.compile(
    r"(?:(?:UTC|GMT)\s?)?(?P<sign>[+\-\N{MINUS SIGN}])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?(?![\d:])",
    re.ASCII | re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"[A-Za-z]{1,5}(?![\w/+-])", re.ASCII)
_IANA = re.compile(r"[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z0-9_+-]*){1,2}", re.ASCII)
# What may follow an offset: its name in brackets, the abbreviation that Go prints even if it is only a number, and
# Go's monotonic clock.
_COMMENT = re.compile(r"\((?P<comment>[^()]*)\)")
_OFFSET_AGAIN = re.compile(r"[+-]\d{2}(?:\d{2})?(?![\d:])", re.ASCII)
_MONOTONIC = re.compile(r"m=[+-]\d+(?:\.\d+)?", re.ASCII)


def in_zone(local: datetime, text: str) -> datetime:
    """`local` in the zone that the text names, UTC if it is empty. Raises `ValueError` for anything else."""
    if not text:
        return local.replace(tzinfo=UTC)
    if match := _OFFSET.match(text):
        zone = timezone(_distance(match))
        _confirm(local, zone, text[match.end() :].strip())
        return local.replace(tzinfo=zone)
    if match := _ABBREVIATION.match(text):
        offsets = _OFFSETS.get(match[0].upper(), [])
        if len(offsets) != 1 or not _is_comment(text[match.end() :].strip()):
            raise ValueError
        return local.replace(tzinfo=timezone(offsets[0]))
    return _existing(local, _iana(text))


def _distance(match: re.Match[str]) -> timedelta:
    distance = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return distance if match["sign"] == "+" else -distance


def _iana(text: str) -> tzinfo:
    match = _IANA.fullmatch(text.removeprefix("[").removesuffix("]") if text.startswith("[") else text)
    if match is None:
        raise ValueError
    try:
        return ZoneInfo(match[0])
    except (OSError, LookupError) as error:
        raise ValueError from error


def _existing(local: datetime, zone: tzinfo) -> datetime:
    """Clocks that are put forward leave an hour out; of an hour that comes twice it is the first."""
    found = local.replace(tzinfo=zone)
    if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError
    # With a zone that has summer time, Python compares moments in the repeated hour as equal to nothing.
    return found.replace(tzinfo=timezone(found.utcoffset() or timedelta()))


def _confirm(local: datetime, zone: timezone, rest: str) -> None:
    """Whatever stands after an offset must not contradict it."""
    rest = _MONOTONIC.sub("", rest).strip()
    if _is_comment(rest):
        return
    offset = zone.utcoffset(None)
    if _OFFSET_AGAIN.fullmatch(rest):
        agrees = in_zone(local, rest).utcoffset() == offset
    elif match := _ABBREVIATION.match(rest):
        agrees = _may_be(match[0], offset) and _is_comment(rest[match.end() :].strip())
    else:
        agrees = _iana(rest).utcoffset(local) == offset
    if not agrees:
        raise ValueError


def _may_be(abbreviation: str, offset: timedelta) -> bool:
    """Whether a zone of this abbreviation may have this offset; of most abbreviations nothing is known."""
    known = _OFFSETS.get(abbreviation)
    return offset in known if known else abbreviation.isupper()


def _is_comment(text: str) -> bool:
    return not text or _COMMENT.fullmatch(text) is not None
