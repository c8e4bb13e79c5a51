"""Fields of rows: what the annotations in the type of a row say about where its values come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import Select, SQLColumnExpression

T = TypeVar("T")
Column = SQLColumnExpression[Any]


@dataclass(frozen=True, eq=False)
class SurrogateKey:
    """Whatever shows the field carries this surrogate key, made of a column that need not be shown; none if null."""

    key: Callable[[int], str]
    column: Column


@dataclass(frozen=True, eq=False)
class NullWith:
    """The object is null where this column is."""

    column: Column


@dataclass(frozen=True, eq=False)
class Many:
    """A list of objects, sorted by their first field: the rows of a correlated select, which has no columns yet.

    They pass through JSON: their fields can be numbers, texts and truth values.
    """

    rows: Select[Any]


@dataclass(frozen=True)
class Field:
    """A field as declared: its type without null, and the rest of its annotation."""

    row: type
    name: str
    kind: Any
    nullable: bool
    metadata: Sequence[Any]

    def only(self, wanted: type[T]) -> T | None:
        """What the annotation has of this class, if anything."""
        found = [each for each in self.metadata if isinstance(each, wanted)]
        if len(found) > 1:
            self.refuse(f"has more than one {wanted.__name__}")
        return found[0] if found else None

    def refuse(self, problem: str) -> NoReturn:
        raise TypeError(f"{self.row.__name__}.{self.name} {problem}")


def fields_of(row: type) -> Sequence[Field]:
    """The fields of a row's type, in order."""
    return [_field(row, name, hint) for name, hint in get_type_hints(row, include_extras=True).items()]


def column_of(field: Field) -> Column:
    """The column of a field that is neither an object nor a list."""
    column: Column | None = field.only(SQLColumnExpression)
    if column is None:
        field.refuse("names no column: declare it as `Annotated[…, column]`")
    return column


def _field(row: type, name: str, hint: Any) -> Field:
    kind, *metadata = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    options = get_args(kind)
    if NoneType not in options:
        return Field(row, name, kind, nullable=False, metadata=metadata)
    (kind,) = (option for option in options if option is not NoneType)
    return Field(row, name, kind, nullable=True, metadata=metadata)
