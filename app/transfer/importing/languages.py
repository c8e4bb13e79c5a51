"""Languages as writers name them, and as BCP 47 tags."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localedata import locale_identifiers
from pydantic import TypeAdapter, ValidationError

from app.core.schemas.base import LanguageTag
from app.transfer.importing.shapes import first_line

_TAG: TypeAdapter[str] = TypeAdapter(LanguageTag)
# As in the environment: `pt_BR.UTF-8`, `ca_ES@valencia`.
_POSIX_END = re.compile(r"[.@].*")
_IN_BRACKETS = re.compile(r"\s*\([^)]*\)")
_NO_LANGUAGES = {"und", "mul", "zxx", "mis", "root"}
_SHORT, _SCRIPT = 2, 4


def language_of(value: Any) -> str | None:
    """The tag for what a field says: a tag, a locale of an operating system, or the language's name."""
    given = first_line(value)
    tag = well_formed(_POSIX_END.sub("", given))
    if tag is None:
        name = _IN_BRACKETS.sub("", given).casefold()
        return _tags_by_english_name().get(name) or _tags_by_own_name().get(name)
    primary, *rest = tag.split("-")
    if primary in _languages():
        return tag
    current = get_global("language_aliases").get(primary)
    if current is None and len(primary) == _SHORT:
        return _of_country(primary)
    return "-".join([(current or primary).replace("_", "-"), *rest])


def well_formed(text: str) -> str | None:
    """The text as a tag in its usual spelling (`zh-Hant`, `pt-BR`), if it has the form of one."""
    parts = text.replace("_", "-").split("-")
    tag = "-".join([parts[0].lower(), *map(_subtag, parts[1:])])
    try:
        return _TAG.validate_python(tag)
    except ValidationError:
        return None


def _subtag(part: str) -> str:
    if len(part) == _SHORT:
        return part.upper()
    return part.title() if len(part) == _SCRIPT and part.isalpha() else part.lower()


def known(text: str) -> str | None:
    """The tag, if it names a language that there is, in a script or country that there is."""
    tag = well_formed(text)
    if tag is None:
        return None
    primary, *rest = tag.split("-")
    english = Locale("en")
    there = english.scripts.keys() | english.territories.keys()
    return tag if primary in _languages() and all(part in there for part in rest) else None


def has_locale(tag: str) -> bool:
    """Whether the language is one of those of the country: Portuguese in Brazil, but not Icelandic in Italy."""
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


@cache
def _languages() -> frozenset[str]:
    return frozenset(Locale("en").languages.keys() - _NO_LANGUAGES)


def _of_country(code: str) -> str | None:
    """Many write the country's code instead: `jp`, `cn`, `cz`."""
    likely = get_global("likely_subtags").get(f"und_{code.upper()}")
    return likely.partition("_")[0] if likely else None


@cache
def _tags_by_english_name() -> dict[str, str]:
    return _by_name(Locale("en").languages)


@cache
def _tags_by_own_name() -> dict[str, str]:
    """It takes a second or two to load the data of all languages."""
    return _by_name({tag: Locale(tag).languages.get(tag) for tag in locale_identifiers() if "_" not in tag})


def _by_name(names: Mapping[str, str | None]) -> dict[str, str]:
    return {name.casefold(): tag.replace("_", "-") for tag, name in names.items() if name and tag not in _NO_LANGUAGES}
