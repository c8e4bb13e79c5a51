"""Writes the function that makes dictionaries of a driver's rows, as a person would write it for one type of row.

Functions put together at run time take twice as long, which is some five per cent of reading a single article.
"""

import linecache
from collections.abc import Callable, Sequence
from typing import Any, cast, get_args, is_typeddict

from pydantic_core import from_json

from app.db.compiled_selects import Row
from app.db.functions import json_rows
from app.db.row_fields import Column, Field, Many, NullWith, SurrogateKey, column_of, fields_of

Unpack = Callable[[Sequence[Row], set[str]], list[dict[str, Any]]]


class Unpacking:
    """The columns that a type of row needs, each of them once, and the function that takes them apart."""

    def __init__(self, row: type) -> None:
        self.columns: list[Column] = []
        # By identity: comparing columns makes SQL.
        self._places: dict[int, int] = {}
        # What the function needs beside its arguments. All else in its text are names of fields and numbers.
        self._values: dict[str, Any] = {"from_json": from_json}
        self._notes: list[str] = []
        self.source = self._written(self._dictionary(row))
        self.unpack = self._compiled(f"<rows of {row.__name__}>")

    def _written(self, dictionary: str) -> str:
        lines = ("for row in rows:", *(f"    {note}" for note in self._notes), f"    found.append({dictionary})")
        body = ("add = surrogate_keys.add", "found = []", *lines, "return found")
        return "\n".join(("def unpack(rows, surrogate_keys):", *(f"    {line}" for line in body), ""))

    def _compiled(self, file: str) -> Unpack:
        exec(compile(self.source, file, "exec"), self._values)  # noqa: S102 - nothing in it comes from outside
        # For tracebacks and debuggers.
        linecache.cache[file] = len(self.source), None, self.source.splitlines(keepends=True), file
        return cast(Unpack, self._values["unpack"])

    def _dictionary(self, row: type) -> str:
        return "{" + ", ".join(f"{field.name!r}: {self._value(field)}" for field in fields_of(row)) + "}"

    def _value(self, field: Field) -> str:
        value = self._shown(field)
        # After the column of the field itself: what is sorted is sorted by its first column.
        for each in field.metadata:
            if isinstance(each, SurrogateKey):
                part = self._at(each.column)
                self._notes.append(f"if {part} is not None: add({self._named(each.key)}({part}))")
        return value

    def _shown(self, field: Field) -> str:
        if (many := field.only(Many)) is not None:
            return self._list(field, many)
        return self._object(field) if is_typeddict(field.kind) else self._at(column_of(field))

    def _object(self, field: Field) -> str:
        null_with = field.only(NullWith)
        if field.nullable != (null_with is not None):
            field.refuse("has to be both `… | None` and `NullWith(…)`, or neither")
        made = self._dictionary(field.kind)
        return f"None if {self._at(null_with.column)} is None else {made}" if null_with else made

    def _list(self, field: Field, many: Many) -> str:
        element = next(iter(get_args(field.kind)), None)
        if field.nullable or not is_typeddict(element):
            field.refuse("has `Many(…)`, so it has to be a list of a TypedDict")
        inner = Unpacking(cast(type, element))
        text = self._at(many.rows.add_columns(json_rows(*inner.columns)).scalar_subquery())
        # Sorted by code point, whatever the server's locale. On PostgreSQL an empty list is null.
        return f"{self._named(inner.unpack)}(sorted(from_json({text})), surrogate_keys) if {text} else []"

    def _at(self, column: Column) -> str:
        """Where the column is in a row; it is added unless it is there already."""
        if id(column) not in self._places:
            self._places[id(column)] = len(self.columns)
            self.columns.append(column)
        return f"row[{self._places[id(column)]}]"

    def _named(self, value: Any) -> str:
        name = f"value_{len(self._values)}"
        self._values[name] = value
        return name
