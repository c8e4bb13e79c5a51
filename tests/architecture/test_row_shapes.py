"""What is read is what the schemas promise: fast reads are not validated, so their rows are compared here."""

import pkgutil
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from types import NoneType
from typing import Annotated, Any, TypedDict, get_args, get_origin, is_typeddict

from pydantic import BaseModel
from sqlalchemy import SQLColumnExpression, func
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import NullType

import app
from app.accounts.models import User
from app.content.models import Article
from app.db.row_fields import Field, fields_of
from app.db.row_shapes import RowShape


def shapes() -> list[RowShape[Any]]:
    """The shapes of all domains, those of base schemas first."""
    modules = [import_module(found.name) for found in pkgutil.walk_packages(app.__path__, "app.")]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, RowShape)]
    return sorted({id(shape): shape for shape in found}.values(), key=lambda shape: len(shape.schema.__mro__))


def differences(row: type, schema: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """What the schema and the row disagree about: which field, and a sentence about it."""
    fields = {field.name: field for field in fields_of(row)}
    for name, info in schema.model_fields.items():
        where = f"{_declaring(schema, name)}.{name}"
        if name not in fields:
            yield (
                where,
                (f"{where} is not read: add it to {_place(row)}, as `{name}: Annotated[<its type>, <its column>]`."),
            )
            continue
        yield from _in_a_field(where, fields[name], info.annotation)
    for name in fields.keys() - schema.model_fields.keys():
        yield f"{row.__name__}.{name}", f"{_place(row)} has {name}, but {_place(schema)} does not: add it there, too."


def _in_a_field(where: str, field: Field, promised: Any) -> Iterator[tuple[str, str]]:
    here = f"{field.row.__name__}.{field.name}"
    kind, nullable = _without_null(promised)
    if field.nullable != nullable:
        can = ("can be null", "cannot")
        yield where, f"{here} {can[not field.nullable]}, but {where} {can[not nullable]}."
    read, wanted = _element(field.kind), _element(kind)
    if get_origin(field.kind) is not get_origin(kind):
        yield where, f"Only one of {here} and {where} is a list."
    elif is_typeddict(read) and isinstance(wanted, type) and issubclass(wanted, BaseModel):
        yield from differences(read, wanted)
    elif _in_json(read) is not _in_json(wanted):
        yield where, f"{here} is {read}, but {where} is {wanted}."
    yield from ((where, f"{here} {problem}.") for problem in _of_its_column(field))


def _of_its_column(field: Field) -> Iterator[str]:
    column: Any = field.only(SQLColumnExpression)
    if column is None:
        return
    if isinstance(column.type, NullType):
        yield "is an expression whose type nobody knows: `type_coerce` tells it"
    elif _in_json(column.type.python_type) is not _in_json(field.kind):
        yield f"is {field.kind}, but its column holds {column.type.python_type}"
    if isinstance(column, InstrumentedAttribute) and column.property.columns[0].nullable and not field.nullable:
        yield "cannot be null, but its column can"


def _declaring(schema: type[BaseModel], name: str) -> str:
    return next(one.__name__ for one in reversed(schema.__mro__) if name in getattr(one, "__annotations__", {}))


def _place(kind: type) -> str:
    return f"{kind.__name__} in {kind.__module__.replace('.', '/')}.py"


def _without_null(annotation: Any) -> tuple[Any, bool]:
    options = get_args(annotation)
    if NoneType not in options:
        return annotation, False
    (kind,) = (option for option in options if option is not NoneType)
    return kind, True


def _element(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is list else kind


def _in_json(kind: Any) -> Any:
    return str if isinstance(kind, type) and issubclass(kind, StrEnum) else kind


def sentences(row: type, schema: type[BaseModel]) -> list[str]:
    return [sentence for _, sentence in differences(row, schema)]


def test_what_is_read_is_what_the_schemas_promise() -> None:
    found: dict[str, str] = {}
    for shape in shapes():
        for field, sentence in differences(shape.row, shape.schema):
            # What a row inherits is said once, of the row that it is inherited from.
            found.setdefault(field, sentence)

    assert len(shapes()) >= 5
    assert not found, "\n".join(found.values())


class PersonRow(TypedDict):
    username: Annotated[str, User.username]


class Person(BaseModel):
    username: str


class BadRow(TypedDict):
    title: Annotated[str, Article.title]
    excerpt: Annotated[str, Article.given_excerpt]
    word_count: Annotated[str, Article.word_count]
    length: Annotated[int, func.length(Article.title)]
    published_at: Annotated[datetime | None, Article.published_at]
    author: PersonRow
    extra: Annotated[str, Article.slug]


class Taller(Person):
    height: int


class Promised(BaseModel):
    title: str | None
    excerpt: str
    word_count: int
    length: int
    published_at: datetime
    author: Taller
    subtitle: str


TOLD = [
    "BadRow.title cannot, but Promised.title can be null.",
    "BadRow.excerpt cannot be null, but its column can.",
    "BadRow.word_count is <class 'str'>, but Promised.word_count is <class 'int'>.",
    "BadRow.word_count is <class 'str'>, but its column holds <class 'int'>.",
    "BadRow.length is an expression whose type nobody knows: `type_coerce` tells it.",
    "BadRow.published_at can be null, but Promised.published_at cannot.",
    (
        "Taller.height is not read: add it to PersonRow in tests/architecture/test_row_shapes.py, "
        "as `height: Annotated[<its type>, <its column>]`."
    ),
    (
        "Promised.subtitle is not read: add it to BadRow in tests/architecture/test_row_shapes.py, "
        "as `subtitle: Annotated[<its type>, <its column>]`."
    ),
    (
        "BadRow in tests/architecture/test_row_shapes.py has extra, "
        "but Promised in tests/architecture/test_row_shapes.py does not: add it there, too."
    ),
]


def test_each_difference_is_told_in_a_sentence() -> None:
    assert sorted(sentences(BadRow, Promised)) == sorted(TOLD)


def test_where_nothing_differs_nothing_is_told() -> None:
    assert sentences(PersonRow, Person) == []
