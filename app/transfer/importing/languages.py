"""Languages as writers name them, and as BCP 47 tags."""

import re
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
        return _tags_by_name().get(_IN_BRACKETS.sub("", given).casefold())
    primary, *rest = tag.split("-")
    if len(primary) == _SHORT and primary not in _languages():
        return _of_country(primary)
    return "-".join([get_global("language_aliases").get(primary, primary) if len(primary) > _SHORT else primary, *rest])


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
def _tags_by_name() -> dict[str, str]:
    """By the names of languages in English and in themselves, without case."""
    own = {name: Locale(name).languages.get(name) for name in locale_identifiers() if "_" not in name}
    names = [*own.items(), *Locale("en").languages.items()]
    return {name.casefold(): tag.replace("_", "-") for tag, name in names if name and tag not in _NO_LANGUAGES}
