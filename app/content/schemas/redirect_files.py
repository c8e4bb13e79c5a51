"""Redirects as CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Self

from pydantic import ConfigDict, RootModel, model_validator

from app.content.schemas.redirects import RedirectInput, RedirectOut, Status
from app.core.schemas.base import number_in_text

COLUMNS = ("source", "match", "target", "status", "note")
# Of an export; an import leaves them alone.
_COUNTED = ("hits", "last_hit_at")
# By these, spreadsheets know a formula. The mark before it is not shown there.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"
_EXAMPLE = "source,match,target,status\n/old,exact,/a-week-in-lisbon,308\n"


def _as_text(schema: dict[str, Any]) -> None:
    """What is sent is a text, whatever is made of it."""
    schema.clear()
    schema |= {"title": "RedirectFile", "type": "string", "examples": [_EXAMPLE]}


class RedirectLine(RedirectInput):
    """A line of a file. Empty fields are as if they were left out."""

    status: Annotated[Status, number_in_text] = 308


def csv_of(redirects: Iterable[RedirectOut]) -> str:
    """The redirects as a file that spreadsheets can open without calculating anything, and that can be imported."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*COLUMNS, *_COUNTED])
    for redirect in redirects:
        fields = redirect.model_dump(mode="json")
        writer.writerow(_marked(fields[name]) for name in (*COLUMNS, *_COUNTED))
    return text.getvalue()


def _marked(value: Any) -> Any:
    return f"{_MARK}{value}" if isinstance(value, str) and value.startswith((*_FORMULA, _MARK)) else value


def _unmarked(value: str) -> str:
    return value[1:] if value.startswith(_MARK) and value[1:].startswith((*_FORMULA, _MARK)) else value


def _lines_in(file: object) -> object:
    """The lines by their numbers, each with its fields. Raises `ValueError`."""
    if not isinstance(file, bytes):
        raise ValueError("Send CSV with the header `Content-Type: text/csv`.")  # noqa: TRY004 - for pydantic
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"The file is not UTF-8, from byte {error.start + 1:,} on.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        _check(columns)
        return dict(_fields(reader, columns))
    except csv.Error as error:
        raise ValueError(f"Line {reader.line_num} is not CSV: {error}.") from None


def _check(columns: list[str]) -> None:
    known = {*COLUMNS, *_COUNTED}
    if "source" not in columns or not known.issuperset(columns) or len(set(columns)) < len(columns):
        raise ValueError(f"The first line must name the columns: source, and any of {', '.join(COLUMNS[1:])}.")


def _fields(reader: Any, columns: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    start = reader.line_num + 1
    for values in reader:
        name, start = f"line {start}", reader.line_num + 1
        if not any(values):
            continue
        fields = {column: _unmarked(value) for column, value in zip(columns, values, strict=False) if value.strip()}
        for column in _COUNTED:
            fields.pop(column, None)
        if len(values) > len(columns):
            fields["fields"] = "too many"
        yield name, fields


class RedirectFile(RootModel[dict[str, RedirectLine]]):
    """The lines of a file, by their numbers."""

    model_config = ConfigDict(json_schema_extra=_as_text)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, file: object) -> object:
        return _lines_in(file)

    @model_validator(mode="after")
    def _has_each_once(self) -> Self:
        counts = Counter((line.source, line.match) for line in self.root.values())
        if twice := next((key for key, number in counts.items() if number > 1), None):
            where = [name for name, line in self.root.items() if (line.source, line.match) == twice]
            raise ValueError(f"{' and '.join(where[:3])} are about the same path: {twice[0]} ({twice[1].value}).")
        return self
