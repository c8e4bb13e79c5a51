"""What the files around a post say of it: Hugo's cascades, Zola's sections, Eleventy's directory data, bundles."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from app.transfer.importing.fields import is_yes
from app.transfer.importing.files import SUFFIXES
from app.transfer.importing.front_matter import BadPost, NotAPost, parse
from app.transfer.importing.shapes import line, squeezed

_CONTENT = "content"
# How far above a post there may be something that concerns it.
_FOLDERS_ABOVE = 8
_MAX_BYTES = 256 * 1024
# By these, a folder with an `index.md` is known to be one page, with whatever else lies in it.
_HUGO_OR_ZOLA = (
    *("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.toml", "config.yaml", "config.yml", "config"),
)
_TEMPLATES, _POSTS = {"archetypes", "scaffolds"}, {"content", "source"}


def is_template(path: PurePath, text: str) -> bool:
    """Whether the file is what new posts are made from, in Hugo or Hexo."""
    folders = set(path.parts)
    return bool(folders & _TEMPLATES) and not folders & _POSTS and "{{" in text


def inherited(path: PurePath) -> dict[str, Any]:
    """The fields that a post has unless it has its own."""
    found: dict[str, Any] = {}
    for folder in reversed(_folders(path)):
        for section in _sections(folder):
            found |= _cascaded(section, path)
        for name in (f"{folder.name}.json", f"{folder.name}.11tydata.json"):
            found |= _json_fields(folder / name)
    for suffix in (".json", ".11tydata.json"):
        found |= _json_fields(path.with_name(path.stem + suffix))
    return found


def reasons_to_withhold(path: PurePath) -> Iterator[str]:
    """Why what lies around a post keeps it from being published, whatever it says itself."""
    folders = _folders(path)
    if any(is_yes(section.get("draft")) for folder in folders for section in _sections(folder)):
        yield "its section is a draft"
    if folders and folders[-1].name == _CONTENT and _is_of_hugo_or_zola(folders[-1].parent):
        pages = (folder for folder in folders[:-1] if _has_page(folder))
        if any(folder != path.parent or not _is_page(path) for folder in pages):
            yield "it belongs to the page of its folder"


def _folders(path: PurePath) -> list[PurePath]:
    """From the nearest to the one in which the content lies."""
    folders = list(path.parents)[:_FOLDERS_ABOVE]
    names = [folder.name for folder in folders]
    return folders[: names.index(_CONTENT) + 1] if _CONTENT in names else folders


def _is_of_hugo_or_zola(root: PurePath) -> bool:
    return any(Path(root, name).exists() for name in _HUGO_OR_ZOLA)


def _has_page(folder: PurePath) -> bool:
    return any(Path(folder, f"index{suffix}").is_file() for suffix in SUFFIXES)


def _is_page(path: PurePath) -> bool:
    return path.name.partition(".")[0] == "index"


def _sections(folder: PurePath) -> list[dict[str, Any]]:
    """The fields of a folder's section pages: there may be one for each language."""
    paths = sorted(path for path in Path(folder).glob("_index.*") if path.suffix in SUFFIXES)
    return [_front_matter(str(path), _version(path)) for path in paths]


def _json_fields(path: PurePath) -> dict[str, Any]:
    return _json(str(path), _version(path))


def _version(path: PurePath) -> tuple[int, int] | None:
    """Changes with the file; nothing if there is none, or one that is too large to be what it seems."""
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return None
    return (stat.st_mtime_ns, stat.st_size) if stat.st_size <= _MAX_BYTES and Path(path).is_file() else None


@lru_cache(maxsize=1_000)
def _front_matter(path: str, version: tuple[int, int] | None) -> dict[str, Any]:
    try:
        return squeezed(parse(Path(path).read_text(encoding="utf-8-sig"))[0]) if version else {}
    except (OSError, ValueError, NotAPost, BadPost):
        return {}


@lru_cache(maxsize=1_000)
def _json(path: str, version: tuple[int, int] | None) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8-sig")) if version else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return squeezed(found) if isinstance(found, Mapping) else {}


def _cascaded(section: Mapping[str, Any], path: PurePath) -> dict[str, Any]:
    given = section.get("cascade")
    found: dict[str, Any] = {}
    for entry in given if isinstance(given, list) else [given]:
        if isinstance(entry, Mapping):
            fields = squeezed(entry)
            if all(_is_target(target, path) for target in _targets(fields.pop("target", None))):
                found |= fields
    return found


def _targets(given: Any) -> Iterator[dict[str, Any]]:
    if isinstance(given, Mapping):
        yield squeezed(given)


def _is_target(target: Mapping[str, Any], path: PurePath) -> bool:
    """What it says of languages and environments is not looked at: rather too much is withheld than too little."""
    kind, pattern = line(target.get("kind")).lower(), line(target.get("path")).lower()
    if kind not in {"", "page"}:
        return False
    # Of alternatives in braces, whatever begins like them is meant.
    start, brace, _ = pattern.replace("**", "*").partition("{")
    page = path.parent if _is_page(path) else path.with_suffix("")
    address = "/".join(["", *page.parts[-_FOLDERS_ABOVE:]]).lower()
    return not pattern or fnmatch(_below_content(address), start + "*" * bool(brace))


def _below_content(address: str) -> str:
    before, content, below = address.partition(f"/{_CONTENT}/")
    return f"/{below}" if content else before
