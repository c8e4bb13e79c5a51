"""The paths that a post had on its old site: what its front matter says, in the ways of the generators."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from posixpath import join, normpath
from urllib.parse import urlsplit

from app.transfer.importing.fields import Fields, everywhere
from app.transfer.importing.jekyll_addresses import jekyll_address
from app.transfer.importing.shapes import first_line, lines
from app.transfer.importing.slugs import is_filled_in

_CONTENT = "content"
# Jekyll's begin at the root of the site.
_OF_ROOT = ("redirectfrom",)
_MOST = 100


def declared_paths(found: Fields) -> list[str]:
    """What the post itself says of former addresses, as it is written."""
    return [
        text for name in ("aliases", "alias", *_OF_ROOT) for value in everywhere(found, name) for text in lines(value)
    ]


def former_paths(found: Fields, path: PurePath) -> tuple[str, ...]:
    """All paths of the post on its old site, each once: its address there, and those that led to it."""
    own = [*_addresses(found)] or [*jekyll_address(found, path)]
    candidates = map(_path, [*own, *_aliases(found, path)])
    return tuple(dict.fromkeys(address for address in candidates if address.strip("/")))[:_MOST]


def _addresses(found: Fields) -> Iterator[str]:
    """Its own, if the post says what that was."""
    for name in ("path", "url", "permalink"):
        for value in everywhere(found, name):
            given = first_line(value)
            # Jekyll's `permalink: pretty` names a style; what is filled in says nothing of this post.
            if given and (name == "path" or "/" in given) and not is_filled_in(given):
                yield given if "://" in given else join("/", given)


def _aliases(found: Fields, path: PurePath) -> Iterator[str]:
    folder = _folder_of(found, path)
    for name in ("aliases", "alias"):
        for value in everywhere(found, name):
            yield from (text if "://" in text else join("/", folder, text) for text in lines(value))
    for name in _OF_ROOT:
        for value in everywhere(found, name):
            yield from (text if "://" in text else join("/", text) for text in lines(value))


def _folder_of(found: Fields, path: PurePath) -> str:
    """Where relative aliases begin: in Hugo, beside the page; in Zola, at the root."""
    if _CONTENT not in path.parts or {"path", "extra", "taxonomies"} & found.keys():
        return "/"
    below = path.parts[len(path.parts) - path.parts[::-1].index(_CONTENT) : -1]
    is_page_of_folder = path.name.partition(".")[0] == "index"
    return "/".join(below[:-1] if is_page_of_folder else below)


def _path(address: str) -> str:
    """The path of an address, without dots; empty if there is none."""
    try:
        path = urlsplit(address).path if "://" in address else re.split(r"[?#]", address, maxsplit=1)[0]
    except ValueError:
        return ""
    return "/" + normpath(f"/{path.lstrip('/')}").lstrip("/") if path.strip("/") else ""
