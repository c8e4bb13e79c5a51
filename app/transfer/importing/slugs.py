"""The slug that a post had on its old site."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from app.core.slugs import slug_for
from app.transfer.importing.fields import Fields, everywhere
from app.transfer.importing.shapes import first_line

_PAGE = re.compile(r"\.(?:html?|xhtml|php|aspx?)$", re.IGNORECASE)
_INDEX = {"index", "default", ""}
# What generators fill in (`:title`, `{{ slug }}`, `{slug}`, `%postname%`) says nothing about this post.
_FILLED_IN = re.compile(r"(?:^|[/_.-]):\w|[{}<>\[\]]|%[a-z_]{3,}%", re.IGNORECASE)
_ESCAPED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)


def decoded(text: str) -> str:
    """Without percent-encoding, as far as it is UTF-8; some have been encoded twice."""
    for _ in range(2):
        try:
            text = unquote(text, errors="strict") if _ESCAPED.search(text) else text
        except UnicodeDecodeError:
            break
    return text


def url_path(found: Fields) -> str:
    """The path of the post's URL on its old site, if given: `path` in Zola, `url` in Hugo, `permalink` in Jekyll."""
    for name in ("path", "url", "permalink", "link"):
        for value in everywhere(found, name):
            path = _path(first_line(value), is_path=name == "path")
            if path:
                return path
    return ""


def _path(url: str, *, is_path: bool) -> str:
    """Empty if it is none: Jekyll's `permalink: pretty` names a style."""
    if not url or (not is_path and "/" not in url):
        return ""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    *folders, last = path.rstrip("/").split("/")
    name = _PAGE.sub("", last)
    if name.lower() in _INDEX:
        *folders, name = folders or [""]
    return "/".join([*(decoded(folder) for folder in folders), decoded(name)])


def slug_of(found: Fields, path: str, name: str) -> str:
    """The slug of its own, or else the last part of its URL's path, or of its file's name."""
    return slug_for(next(_candidates(found, path, name), name))


def _candidates(found: Fields, path: str, name: str) -> Iterator[str]:
    for field in ("slug", "postname", "basename"):
        for value in everywhere(found, field):
            # In Docusaurus, it is a path.
            given = first_line(value)
            yield from _usable(_path(given, is_path=True).rpartition("/")[2])
    yield from _usable(path.rpartition("/")[2])
    yield from _usable(decoded(name))


def _usable(part: str) -> Iterator[str]:
    if part and not is_filled_in(part):
        yield part


def is_filled_in(text: str) -> bool:
    """Whether a generator puts something else in its place."""
    return _FILLED_IN.search(text) is not None
