"""When a post was published, by the fields that generators look at, in their order."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import PurePath
from typing import Any

from app.transfer.importing import dates
from app.transfer.importing.fields import Fields, everywhere, is_no, is_yes
from app.transfer.importing.front_matter import BadPost
from app.transfer.importing.shapes import line, spellings

# Hugo's first, in its order.
PUBLISHED = spellings(
    *("publishDate", "pubDate", "published", "published_at", "publication_date", "datePublished", "publish_at"),
    *("publish_on", "post_date", "date_posted"),
)
# When it was changed says little: only if nothing else is known.
_CHANGED = ("lastmod", "modified")
# In Eleventy they stand for the dates of the file, which are other ones after each copy.
_OF_FILE = {"created", "last modified", "git created", "git last modified"}


def published_at(found: Fields, of_file: datetime | None, url_path: str) -> datetime | None:
    """The post's date; `of_file` is that of its name or folder. Raises `BadPost` if it cannot be read."""
    if given := next(given_dates(found, ["date"]), None):
        return dates.moment(given[1])
    of_path = of_file or dates.date_in_path(url_path)
    return _first(found, PUBLISHED) or of_path or _first(found, _CHANGED)


def _first(found: Fields, names: Iterable[str]) -> datetime | None:
    return next((date for _, value in given_dates(found, names) if (date := moment_or_none(value))), None)


def given_dates(found: Fields, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The fields of these names that are meant to be dates: `published` may be a yes or no as well."""
    for name in names:
        for value in everywhere(found, name):
            text = line(value)
            if (text or value) and not is_yes(value) and not is_no(value) and text.lower() not in _OF_FILE:
                yield name, value


def date_of_path(path: PurePath, name: str) -> tuple[datetime | None, str]:
    """The date in a post's name or in the folders above it (`2019/01/05/name`), and the rest of its name."""
    date, rest = dates.split_name(name)
    only_date, _ = dates.split_name(f"{name}-")
    return date or only_date or dates.date_in_path("/".join([*path.parts[-4:-1], ""])), rest


def moment_or_none(value: Any) -> datetime | None:
    try:
        return dates.moment(value)
    except BadPost:
        return None
