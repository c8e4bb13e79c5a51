"""Front matter: the fields above a post.

It is YAML between `---`, TOML between `+++`, JSON, or lines of metadata as Pelican and MultiMarkdown have them.
"""

import re
import tomllib
from collections.abc import Callable
from json import JSONDecodeError, JSONDecoder
from typing import Any

import yaml

from app.transfer.importing.metadata_lines import split_lines
from app.transfer.importing.oversized import without_bulk
from app.transfer.importing.yaml_texts import TextLoader, merged

# Both parsers take time quadratic in the length of what is nested deeply enough.
MAX_LENGTH = 32 * 1024
# Hexo and Eleventy name the format where it is not the usual one.
_OPENING = re.compile(r"(?P<fence>---|\+\+\+|;;;)[ \t]*(?P<format>yaml|yml|toml|json)?\s*", re.IGNORECASE)
_BLANK = re.compile(r"\A\ufeff*(?:[ \t]*\n)*")
_CLOSED_BY = {"---": {"---", "..."}, "+++": {"+++"}, ";;;": {";;;"}}
_FORMATS = {"---": "yaml", "+++": "toml", ";;;": "json"}
# What neither YAML nor TOML allows, though editors and other blogs leave it behind.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Every generator's parser reads these tabs as spaces, except this one.
_TAB_AFTER_MARK = re.compile(r"^([ ]*(?:-[ ]+)?(?:[\w.-]+:|-)) *\t[ \t]*", re.MULTILINE)


class NotAPost(Exception):
    """A file that is not meant to be a post; its message says why."""


class BadPost(ValueError):
    """A post that cannot be imported; its message says why."""


def parse(text: str) -> tuple[dict[str, Any], str]:
    """The fields, with names in lower case, and the body. Raises `NotAPost` or `BadPost`."""
    text = _BLANK.sub("", text, count=1)
    opening = _OPENING.fullmatch(text.partition("\n")[0])
    try:
        fields, body = _fenced(opening, text) if opening else _unfenced(text)
    except RecursionError as error:
        raise BadPost("its front matter is nested too deeply") from error
    if not isinstance(fields, dict):
        raise BadPost("its front matter is not a mapping")
    return {str(name).strip().lower(): value for name, value in fields.items()}, body.lstrip("\n")


def _fenced(opening: re.Match[str], text: str) -> tuple[Any, str]:
    fence = opening["fence"]
    lines = text.split("\n")
    closing = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in _CLOSED_BY[fence]), None)
    if closing is None:
        raise BadPost(f"its front matter is not closed by {fence}")
    header, language = "\n".join(lines[1:closing]), (opening["format"] or _FORMATS[fence]).lower()
    if len(header) > MAX_LENGTH and _READERS[language] is _from_yaml:
        header = without_bulk(header, MAX_LENGTH)
    return _READERS[language](_bounded(header)), "\n".join(lines[closing + 1 :])


def _unfenced(text: str) -> tuple[Any, str]:
    if text.startswith("{"):
        return _from_json_text(text)
    split = split_lines(text)
    if split is None:
        raise NotAPost("it has no front matter")
    lines, body = split
    return _from_yaml(_bounded(lines)) if isinstance(lines, str) else lines, body


def _bounded(header: str) -> str:
    if len(header) > MAX_LENGTH:
        raise BadPost(f"its front matter is longer than {MAX_LENGTH:,} characters")
    return _CONTROLS.sub("", header)


def _from_json_text(text: str) -> tuple[Any, str]:
    """A JSON object without any fence, as in Hugo; a text may begin with a brace for other reasons."""
    try:
        fields, end = JSONDecoder(strict=False).raw_decode(text[:MAX_LENGTH])
    except ValueError as error:
        raise NotAPost("it has no front matter") from error
    return fields, text[end:]


def _from_json(header: str) -> Any:
    header = header.strip()
    try:
        return JSONDecoder(strict=False).decode(header if header.startswith("{") else f"{{{header}}}")
    except JSONDecodeError as error:
        raise BadPost(f"its front matter is not valid JSON: {error}") from error


def _from_toml(header: str) -> dict[str, Any]:
    try:
        return tomllib.loads(header)
    except ValueError as error:
        # Not only TOMLDecodeError: a number may have more digits than Python reads.
        raise BadPost(f"its front matter is not valid TOML: {error}") from error


def _from_yaml(header: str) -> Any:
    header = _TAB_AFTER_MARK.sub(r"\1 ", "\n".join(line.rstrip() for line in header.split("\n")))
    try:
        fields = yaml.load(header, TextLoader)  # noqa: S506 - a SafeLoader that knows even fewer types
    except yaml.MarkedYAMLError as error:
        # The first line of the file is the delimiter, and the mark counts from 0.
        line = f" (line {error.problem_mark.line + 2})" if error.problem_mark else ""
        raise BadPost(f"its front matter is not valid YAML: {error.problem}{line}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadPost("its front matter is not valid YAML: it contains a character that YAML does not allow") from error
    if fields is None:
        return {}
    return merged(fields) if isinstance(fields, dict) else fields


_READERS: dict[str, Callable[[str], Any]] = {
    "yaml": _from_yaml,
    "yml": _from_yaml,
    "toml": _from_toml,
    "json": _from_json,
}
