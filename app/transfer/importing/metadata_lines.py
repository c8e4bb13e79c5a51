"""Fields without fences: the lines `Title: …` of Pelican and MultiMarkdown, and Hexo's YAML that is only closed."""

import re

_LINE = re.compile(r" {0,3}(?P<name>[A-Za-z][\w-]{0,40}):(?:\s+(?P<value>.*))?", re.ASCII)
_CONTINUED = re.compile(r"(?: {4,}|\t)(?P<value>.*)")
_CLOSING = re.compile(r"-{3,}\s*")
# A text may well begin with a word and a colon, and an email with a date.
_PROOF = "title"
_LISTS = {"tags", "categories", "authors", "keywords"}

Metadata = dict[str, str | list[str]]


def split_lines(text: str) -> tuple[Metadata | str, str] | None:
    """The fields, or the YAML that contains them, and the body; nothing if the text does not begin with fields."""
    head, _, rest = text.partition("\n\n")
    lines = head.split("\n")
    if _LINE.fullmatch(lines[0]) is None:
        return None
    closing = next((number for number, line in enumerate(lines) if _CLOSING.fullmatch(line)), None)
    if closing is not None and _PROOF in _names(lines[:closing]):
        body = "\n".join([*lines[closing + 1 :], "", rest])
        return "\n".join(lines[:closing]), body
    fields = _fields(lines)
    return (fields, rest) if fields is not None and _PROOF in fields else None


def _names(lines: list[str]) -> set[str]:
    return {match["name"].lower() for line in lines if (match := _LINE.fullmatch(line))}


def _fields(lines: list[str]) -> Metadata | None:
    values: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if match := _LINE.fullmatch(line):
            current = values.setdefault(match["name"].lower(), [])
        elif not (match := _CONTINUED.fullmatch(line)):
            return None
        current.append((match["value"] or "").strip())
    return {name: _value(name, texts) for name, texts in values.items()}


def _value(name: str, texts: list[str]) -> str | list[str]:
    """Lists are separated by semicolons or else by commas, or have a line for each entry."""
    line = "\n".join(texts)
    if name not in _LISTS:
        return line
    return [entry.strip() for entry in re.split(r"[;\n]" if ";" in line else r"[,\n]", line)]
