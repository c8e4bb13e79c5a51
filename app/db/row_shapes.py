"""Row shapes: the columns that a fast read selects and the dictionaries for JSON made of them, declared once.

The type of the dictionaries names the column of each field:

    class AuthorRow(TypedDict):
        username: Annotated[str, User.username, SurrogateKey(keys.author, User.id)]
        display_name: Annotated[str, User.display_name]

    class ArticleRow(TypedDict):
        title: Annotated[str, Article.title]
        excerpt: Annotated[str, func.coalesce(Article.given_excerpt, Article.derived_excerpt)]
        author: AuthorRow
        category: Annotated[CategoryRow | None, NullWith(Category.id)]
        tags: Annotated[list[TagRow], Many(select().select_from(Tag).where(…))]

    ARTICLE = RowShape(ArticleRow, ArticleOut)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, repeat
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast, get_args, is_typeddict

from pydantic import BaseModel
from pydantic_core import from_json
from sqlalchemy import Select, SQLColumnExpression, select

from app.db.compiled_selects import Row
from app.db.functions import json_rows
from app.db.row_fields import Column, Field, Many, NullWith, SurrogateKey, fields_of

R = TypeVar("R")
_Shown = dict[str, Any]
_Unpack = Callable[[Sequence[Row], set[str]], list[_Shown]]
# Completes the dictionaries that are made of these rows, or adds to the surrogate keys.
_Step = Callable[[list[_Shown], Sequence[Row], set[str]], None]


class RowShape(Generic[R]):
    """What to select for rows of one type, and how to make them of what the driver returns.

    `schema` is the response with the same fields; a test compares the two.
    """

    def __init__(self, row: type[R], schema: type[BaseModel]) -> None:
        self.row = row
        self.schema = schema
        columns = _Columns()
        self._unpack = _unpacking(row, columns)
        self.columns: Sequence[Column] = columns.all

    def select(self) -> Select[Any]:
        """A select of the columns. More may be added."""
        return select(*self.columns)

    def unpack(self, rows: Sequence[Row], surrogate_keys: set[str]) -> list[R]:
        """The rows that such a select found. The surrogate keys of what they show are added to `surrogate_keys`."""
        return cast(list[R], self._unpack(rows, surrogate_keys))


def columns_of(row: type) -> Sequence[Column]:
    """The columns of a row without objects and lists, one for each field."""
    return [_source(field) for field in fields_of(row)]


class _Columns:
    """The columns of a select, each of them once."""

    def __init__(self) -> None:
        self.all: list[Column] = []
        # By identity: comparing columns makes SQL.
        self._places: dict[int, int] = {}

    def place(self, column: Column) -> int:
        """Where the column is in a row; it is added unless it is there already."""
        if id(column) not in self._places:
            self._places[id(column)] = len(self.all)
            self.all.append(column)
        return self._places[id(column)]


def _source(field: Field) -> Column:
    """The column of a field. An object has one of its columns in its place until it is made."""
    if (many := field.only(Many)) is not None:
        columns = _Columns()
        _unpacking(_element(field), columns)
        return many.rows.add_columns(json_rows(*columns.all)).scalar_subquery()
    null_with = field.only(NullWith)
    if is_typeddict(field.kind):
        if field.nullable != (null_with is not None):
            field.refuse("has to be both `… | None` and `NullWith(…)`, or neither")
        return null_with.column if null_with else _source(fields_of(field.kind)[0])
    column: Column | None = field.only(SQLColumnExpression)
    if column is None:
        field.refuse("names no column: declare it as `Annotated[…, column]`")
    return column


def _element(field: Field) -> type:
    element = next(iter(get_args(field.kind)), None)
    if field.nullable or not is_typeddict(element):
        field.refuse("has `Many(…)`, so it has to be a list of a TypedDict")
    return cast(type, element)


# All is looked up once, when a shape is made. What remains is done for all rows of a page at once, field by field: to
# call a function for each field of each row would take longer than its work.


def _unpacking(row: type, columns: _Columns) -> _Unpack:
    fields = fields_of(row)
    names = [field.name for field in fields]
    # Before the columns inside objects, so that they are next to each other.
    pick = _picking([columns.place(_source(field)) for field in fields])
    steps = [step for field in fields for step in _steps(field, columns)]

    def unpack(rows: Sequence[Row], surrogate_keys: set[str]) -> list[_Shown]:
        found: list[_Shown] = list(map(dict, map(zip, repeat(names), pick(rows))))
        for step in steps:
            step(found, rows, surrogate_keys)
        return found

    return unpack


def _picking(places: Sequence[int]) -> Callable[[Sequence[Row]], Iterable[Row]]:
    """Takes what is at these places out of each row."""
    if list(places) == list(range(len(places))):
        # What comes after them has no name to go with.
        return iter
    # The getter of a single place would return no sequence.
    get = itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
    return partial(map, get)


def _steps(field: Field, columns: _Columns) -> Iterator[_Step]:
    if field.only(Many) is not None:
        yield _listing(field.name, _unpacking(_element(field), _Columns()))
    elif is_typeddict(field.kind):
        yield _nesting(field, _unpacking(field.kind, columns))
    for each in field.metadata:
        if isinstance(each, SurrogateKey):
            yield _noting(each.key, columns.place(each.column))


def _nesting(field: Field, unpack: _Unpack) -> _Step:
    name, nullable = field.name, field.nullable

    def nest(found: list[_Shown], rows: Sequence[Row], surrogate_keys: set[str]) -> None:
        for shown, nested in zip(found, unpack(rows, surrogate_keys), strict=True):
            if not nullable or shown[name] is not None:
                shown[name] = nested

    return nest


def _listing(name: str, unpack: _Unpack) -> _Step:
    def fill(found: list[_Shown], _rows: Sequence[Row], surrogate_keys: set[str]) -> None:
        # Sorted by code point, whatever the server's locale. On PostgreSQL an empty list is null.
        lists = [sorted(from_json(shown[name])) if shown[name] else [] for shown in found]
        elements = iter(unpack(list(chain.from_iterable(lists)), surrogate_keys))
        for shown, one in zip(found, lists, strict=True):
            shown[name] = list(islice(elements, len(one)))

    return fill


def _noting(key: Callable[[int], str], place: int) -> _Step:
    value_of = itemgetter(place)

    def note(_found: list[_Shown], rows: Sequence[Row], surrogate_keys: set[str]) -> None:
        values = set(map(value_of, rows))
        values.discard(None)
        surrogate_keys.update(map(key, values))

    return note
