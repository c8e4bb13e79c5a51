"""Paths of the site, and what a redirect may lead to, in the one form in which they are stored and compared.

Each function raises `ValueError` with what a value must or must not be.
"""

import re
import unicodedata
from urllib.parse import quote, unquote

from app.core.web_addresses import origin

# Below which the API is served.
API_PREFIX = "/api/v1"
# An index of PostgreSQL holds no more than 2,700 bytes.
MAX_PATH_LENGTH = 1000
MAX_TARGET_LENGTH = 2000
# What RFC 3986 allows in a segment without encoding it, besides letters, digits and `-._~`.
_PLAIN = "!$&'()*+,;=:@"
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_NOT_IN_SEGMENT = re.compile(rf"[/\\{_CONTROLS}]")
_NOT_IN_URL = re.compile(rf"[\s\\{_CONTROLS}]")
_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<rest>.*)", re.DOTALL | re.IGNORECASE)


def normal_path(text: str) -> str:
    """The path in one form: percent-encoded UTF-8 in normalisation form C, with single slashes and none at the end.

    Case matters, as it does in URLs. What could mean another path to somebody else is refused: `..`, backslashes,
    encoded slashes and control characters.
    """
    if not text.startswith("/"):
        raise ValueError("must be a path that begins with a slash")
    if "?" in text or "#" in text:
        raise ValueError("must have neither a query nor a fragment")
    path = "/" + "/".join(_segment(part) for part in text.split("/") if part)
    if len(path) > MAX_PATH_LENGTH:
        raise ValueError(f"must have at most {MAX_PATH_LENGTH} characters, percent-encoded")
    return path


def _segment(part: str) -> str:
    try:
        decoded = unicodedata.normalize("NFC", unquote(part, errors="strict"))
        encoded = quote(decoded, safe=_PLAIN)
    except UnicodeError:
        raise ValueError("must be UTF-8, percent-encoded or as it is") from None
    if decoded in {".", ".."} or _NOT_IN_SEGMENT.search(decoded):
        raise ValueError("must not contain dots as a segment, backslashes, encoded slashes or control characters")
    return encoded


def path_in(text: str) -> str | None:
    """The path that was asked for, without its query and in its one form; None if nothing can be there."""
    try:
        return normal_path(_split(text)[0])
    except ValueError:
        return None


def normal_target(text: str) -> str:
    """A path of the site, perhaps with a query and a fragment, or an http or https URL, ready for `Location`."""
    if text.startswith("/"):
        target = _path_target(text)
    elif found := _URL.fullmatch(text):
        target = _url_target(found)
    else:
        raise ValueError("must be a path that begins with a slash, or an http or https URL")
    if len(target) > MAX_TARGET_LENGTH:
        raise ValueError(f"must have at most {MAX_TARGET_LENGTH} characters, percent-encoded")
    return target


def _path_target(text: str) -> str:
    # Browsers take both for another host.
    if text[1:2] in {"/", "\\"}:
        raise ValueError("must not begin with two slashes: write a path of the site, or the whole URL")
    path, rest = _split(text)
    normal = normal_path(path)
    return normal + ("/" if path.endswith("/") and normal != "/" else "") + _quoted(rest)


def _url_target(found: "re.Match[str]") -> str:
    if _NOT_IN_URL.search(found[0]):
        raise ValueError("must not contain spaces, backslashes or control characters")
    return origin(f"{found['scheme']}://{found['authority']}") + _quoted(found["rest"])


def _quoted(rest: str) -> str:
    """What follows, with what is not ASCII encoded, and what is encoded as it is."""
    if _NOT_IN_SEGMENT.search(rest.replace("/", "")):
        raise ValueError("must not contain backslashes or control characters")
    try:
        return quote(rest, safe=f"{_PLAIN}/?#%[]")
    except UnicodeError:
        raise ValueError("must be UTF-8") from None


def _split(text: str) -> tuple[str, str]:
    cut = next((place for place, char in enumerate(text) if char in "?#"), len(text))
    return text[:cut], text[cut:]


def path_of(target: str) -> str | None:
    """The path of the site that a target leads to; None if it leads elsewhere."""
    return path_in(target) if target.startswith("/") else None


def has_more_than_path(target: str) -> bool:
    """Whether there is a query or a fragment, behind which nothing can be added to the path."""
    return "?" in target or "#" in target


def below(target: str, rest: str) -> str:
    """The target with the rest of a path added, which is empty or begins with a slash."""
    return target.rstrip("/") + rest if rest else target
