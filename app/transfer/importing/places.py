"""What the path of a file says of its post: name, date and language."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from app.transfer.importing.files import SUFFIXES
from app.transfer.importing.languages import has_locale, known
from app.transfer.importing.publication import date_of_path

_SECTION_PAGE, _BUNDLE_PAGE = "_index", "index"
# Folders in which generators keep a folder for each language.
_PARENTS = {"content", "i18n", "_i18n", "translations", "locales", "languages", "lang"}
# Where the content lies in a folder for each language: how far above the post it may be.
_FOLDERS_ABOVE = 5
# Languages whose codes end other names too, or are names of their own: `socket.io`, `main.cs`, `node.ts`, `t.co`.
_AMBIGUOUS = frozenset(
    (
        *("am", "an", "as", "be", "bo", "bs", "co", "cs", "cu", "el", "gd", "ha", "he", "hi", "ho", "id", "ie", "ii"),
        *("io", "is", "it", "la", "li", "lo", "ml", "ms", "my", "na", "ne", "no", "om", "or", "os", "pi", "pl", "ps"),
        *("se", "sh", "si", "so", "st", "ta", "te", "ti", "tk", "to", "ts", "tt", "vi", "we"),
    )
)


@dataclass(frozen=True)
class Place:
    """`name` is without date and language; the language is known only if the path leaves no doubt."""

    name: str
    date: datetime | None
    language: str | None
    is_section: bool


def place_of(path: PurePath) -> Place:
    stem, suffix = _without_language(path)
    is_page_of_folder = stem in {_SECTION_PAGE, _BUNDLE_PAGE}
    language = suffix or _language_of_folders(path)
    name = path.parent.name if is_page_of_folder else stem
    date, rest = date_of_path(path, name)
    return Place(rest or stem, date, language, stem == _SECTION_PAGE)


def _without_language(path: PurePath) -> tuple[str, str | None]:
    """The file's name without its suffixes, and the language that the last but one of them names."""
    whole = path.stem.removesuffix(".html")
    stem, _, suffix = whole.rpartition(".")
    tag = known(suffix) if stem else None
    if tag is None or not _is_meant(tag, stem, path):
        return whole, None
    return stem, tag


def _is_meant(tag: str, stem: str, path: PurePath) -> bool:
    """Whether the end of a name is a language, not a part of the name: `index.fr.md`, but not `socket.io.md`."""
    if stem in {_SECTION_PAGE, _BUNDLE_PAGE}:
        return True
    return (has_locale(tag) if "-" in tag else _is_unambiguous(tag)) or _has_translations(stem, path)


def _has_translations(stem: str, path: PurePath) -> bool:
    """Whether the folder has the same name without a language, or with another one."""
    if any(Path(path.with_name(stem + suffix)).exists() for suffix in SUFFIXES):
        return True
    names = (PurePath(name) for name in _entries(path.parent) if name != path.name and name.lower().endswith(SUFFIXES))
    return any(name.stem.startswith(f"{stem}.") and known(name.stem[len(stem) + 1 :]) for name in names)


def _is_unambiguous(tag: str) -> bool:
    return len(tag.partition("-")[0]) == 2 and tag not in _AMBIGUOUS  # noqa: PLR2004 - `min` and `new` are languages too


def _language_of_folders(path: PurePath) -> str | None:
    """From the nearest folder for a language: `content/de/…`, `i18n/pt-BR/…`, `content.fr/…`."""
    for folder in list(path.parents)[:_FOLDERS_ABOVE]:
        prefix, _, suffix = folder.name.rpartition(".")
        tag = known(suffix if prefix == "content" else folder.name)
        if tag and (prefix == "content" or _is_for_language(tag, folder, path)):
            return tag
    return None


def _is_for_language(tag: str, folder: PurePath, path: PurePath) -> bool:
    """Whether a folder is for a language: by where it lies, or what lies beside it."""
    if "-" in tag or _is_unambiguous(tag):
        counterpart = folder.parent / path.relative_to(folder).parts[0]
        if folder.parent.name.lower() in _PARENTS or Path(counterpart).exists():
            return True
    others = (known(name) for name in _entries(folder.parent) if name != folder.name and "." not in name)
    return any(other and ("-" in other or _is_unambiguous(other)) for other in others)


def _entries(folder: PurePath) -> list[str]:
    try:
        return [entry.name for entry in Path(folder).iterdir()]
    except OSError:
        return []
