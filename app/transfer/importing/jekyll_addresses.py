"""The address that Jekyll gives a post by its date and name, where the site's configuration says how."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePath

import yaml

from app.core.slugs import slug_for
from app.transfer.importing.fields import Fields, labels
from app.transfer.importing.shapes import first_line, squeezed

_POSTS, _CONFIGURATION = "_posts", "_config.yml"
_MAX_BYTES = 256 * 1024
_NAME = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})-(?P<title>.+)")
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title.html",
}


def jekyll_address(found: Fields, path: PurePath) -> Iterator[str]:
    """The post's path on its site, unless the configuration is missing, or says something that is not known here."""
    name = _NAME.fullmatch(path.stem)
    if name is None or _POSTS not in path.parts:
        return
    root = next(folder for folder in path.parents if folder.name == _POSTS).parent
    style = _style(str(root / _CONFIGURATION))
    if style is None:
        return
    categories = "/".join(slug_for(label) for label in labels(found, "category", "categories"))
    parts = {
        ":categories": categories,
        ":year": name["year"],
        ":month": name["month"].zfill(2),
        ":day": name["day"].zfill(2),
        ":title": first_line(found.get("slug")) or name["title"],
    }
    for placeholder, value in parts.items():
        style = style.replace(placeholder, value)
    if ":" not in style:
        yield style


@lru_cache(maxsize=100)
def _style(configuration: str) -> str | None:
    """How the site composes addresses; None if it is not known."""
    try:
        if Path(configuration).stat().st_size > _MAX_BYTES:
            return None
        settings = squeezed(yaml.safe_load(Path(configuration).read_text(encoding="utf-8-sig")) or {})
    except (OSError, ValueError, yaml.YAMLError, AttributeError, RecursionError):
        return None
    given = first_line(settings.get("permalink")) or "date"
    return _STYLES.get(given, given if given.startswith("/") else None)
