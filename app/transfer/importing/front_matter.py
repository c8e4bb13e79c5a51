"""Front matter: the fields above a post, as YAML between `---` or as TOML between `+++`."""

import tomllib
from typing import Any

import yaml

# Both parsers take time quadratic in the length of what is nested deeply enough.
MAX_LENGTH = 32 * 1024
_YAML_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "str", "seq", "map")}
_CLOSED_BY = {"---": {"---", "..."}, "+++": {"+++"}}


class NotAPost(Exception):
    """A file that is not meant to be a post; its message says why."""


class BadPost(ValueError):
    """A post that cannot be imported; its message says why."""


class _TextLoader(yaml.SafeLoader):
    """YAML of texts, lists and mappings: every plain value but null is a text.

    YAML's own types would lose what the writer wrote: the offset of a time, the zero of a version 1.10, the country
    code NO. Mappings are not merged (`<<`) either: a few lines of merges can stand for billions of entries.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as in the base class
        first: [pair for pair in resolvers if pair[0] == "tag:yaml.org,2002:null"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012 - likewise
        tag: construct for tag, construct in yaml.SafeLoader.yaml_constructors.items() if tag in _YAML_TAGS | {None}
    }


def split(text: str) -> tuple[str, str, str]:
    """The delimiter, the text between the delimiters, and the body. Raises `NotAPost` or `BadPost`."""
    lines = text.lstrip("\n").split("\n")
    opening = lines[0].rstrip()
    if opening not in _CLOSED_BY:
        raise NotAPost("it has no front matter")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in _CLOSED_BY[opening]:
            return opening, "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]).lstrip("\n")
    raise BadPost(f"its front matter is not closed by {opening}")


def parse(text: str) -> tuple[dict[str, Any], str]:
    """The fields, with names in lower case, and the body. Raises `NotAPost` or `BadPost`."""
    delimiter, header, body = split(text)
    if len(header) > MAX_LENGTH:
        raise BadPost(f"its front matter is longer than {MAX_LENGTH:,} characters")
    try:
        fields = _from_yaml(header) if delimiter == "---" else _from_toml(header)
    except RecursionError as error:
        raise BadPost("its front matter is nested too deeply") from error
    if not isinstance(fields, dict):
        raise BadPost("its front matter is not a mapping")
    return {str(name).lower(): value for name, value in fields.items()}, body


def _from_toml(header: str) -> dict[str, Any]:
    try:
        return tomllib.loads(header)
    except ValueError as error:
        # Not only TOMLDecodeError: a number may have more digits than Python reads.
        raise BadPost(f"its front matter is not valid TOML: {error}") from error


def _from_yaml(header: str) -> Any:
    try:
        fields = yaml.load(header, _TextLoader)  # noqa: S506 - a SafeLoader that knows even fewer types
    except yaml.MarkedYAMLError as error:
        # The first line of the file is the delimiter, and the mark counts from 0.
        line = f" (line {error.problem_mark.line + 2})" if error.problem_mark else ""
        raise BadPost(f"its front matter is not valid YAML: {error.problem}{line}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadPost("its front matter is not valid YAML: it contains a character that YAML does not allow") from error
    return {} if fields is None else fields
