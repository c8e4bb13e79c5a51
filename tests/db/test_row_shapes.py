"""What a row shape selects, and what it makes of the rows."""

from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel
from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, String, Table, create_engine, func, select

from app.db.compiled_selects import CompiledSelect, Row
from app.db.row_fields import Many, NullWith, SurrogateKey
from app.db.row_shapes import RowShape, columns_of

metadata = MetaData()
people = Table("people", metadata, Column("id", Integer, primary_key=True), Column("name", String))
shelves = Table(
    "shelves",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("label", String),
    Column("keeper_id", ForeignKey("people.id")),
)
books = Table(
    "books",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", String),
    Column("writer_id", ForeignKey("people.id")),
    Column("shelf_id", ForeignKey("shelves.id")),
)
chapters = Table("chapters", metadata, Column("id", Integer), Column("book_id", Integer), Column("title", String))
writer, keeper = people.alias("writer"), people.alias("keeper")


class WriterRow(TypedDict):
    name: Annotated[str, writer.c.name, SurrogateKey("person:{}".format, writer.c.id)]


class KeeperRow(TypedDict):
    name: Annotated[str, keeper.c.name]


class ShelfRow(TypedDict):
    keeper: KeeperRow
    label: Annotated[str, func.upper(shelves.c.label)]


class ChapterRow(TypedDict):
    title: Annotated[str, chapters.c.title, SurrogateKey("chapter:{}".format, chapters.c.id)]


class BookRow(TypedDict):
    writer: WriterRow
    id: Annotated[int, books.c.id, SurrogateKey("book:{}".format, books.c.id)]
    shelf: Annotated[ShelfRow | None, NullWith(shelves.c.id), SurrogateKey("shelf:{}".format, shelves.c.id)]
    chapters: Annotated[list[ChapterRow], Many(select().where(chapters.c.book_id == books.c.id).correlate(books))]
    title: Annotated[str | None, books.c.title]


class Anything(BaseModel):
    """No schema in particular."""


BOOK = RowShape(BookRow, Anything)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with create_engine("sqlite://").begin() as connection:
        metadata.create_all(connection)
        yield connection


def found(connection: Connection, shape: RowShape[Any], *more: Any) -> list[Row]:
    """All books, with the columns of the shape and more."""
    statement = (
        shape.select()
        .add_columns(*more)
        .select_from(books)
        .join(writer, writer.c.id == books.c.writer_id)
        .outerjoin(shelves, shelves.c.id == books.c.shelf_id)
        .outerjoin(keeper, keeper.c.id == shelves.c.keeper_id)
        .order_by(books.c.id)
    )
    compiled = CompiledSelect(statement).for_dialect(connection.dialect)
    return [tuple(row) for row in connection.exec_driver_sql(compiled.sql)]


def fill(connection: Connection) -> None:
    connection.execute(people.insert(), [{"id": 7, "name": "Ada"}, {"id": 8, "name": "Bo"}])
    connection.execute(shelves.insert(), [{"id": 5, "label": "low", "keeper_id": 8}])
    connection.execute(
        books.insert(),
        [
            {"id": 1, "title": "One", "writer_id": 7, "shelf_id": 5},
            {"id": 2, "title": None, "writer_id": 8, "shelf_id": None},
            {"id": 3, "title": "Three", "writer_id": 7, "shelf_id": 5},
        ],
    )
    connection.execute(
        chapters.insert(),
        [
            {"id": 31, "book_id": 3, "title": "z"},
            {"id": 32, "book_id": 3, "title": "Z"},
            {"id": 11, "book_id": 1, "title": "a"},
            {"id": 33, "book_id": 3, "title": "é"},
        ],
    )


def test_objects_and_lists_are_where_they_are_declared(connection: Connection) -> None:
    fill(connection)

    books_shown = BOOK.unpack(found(connection, BOOK), set())

    shelf = {"keeper": {"name": "Bo"}, "label": "LOW"}
    assert books_shown == [
        {"writer": {"name": "Ada"}, "id": 1, "shelf": shelf, "chapters": [{"title": "a"}], "title": "One"},
        {"writer": {"name": "Bo"}, "id": 2, "shelf": None, "chapters": [], "title": None},
        {
            "writer": {"name": "Ada"},
            "id": 3,
            "shelf": shelf,
            "chapters": [{"title": "Z"}, {"title": "z"}, {"title": "é"}],
            "title": "Three",
        },
    ]
    assert [list(book) for book in books_shown] == [["writer", "id", "shelf", "chapters", "title"]] * 3


def test_what_is_shown_says_by_which_keys_it_is_found(connection: Connection) -> None:
    fill(connection)
    surrogate_keys = {"books"}

    BOOK.unpack(found(connection, BOOK), surrogate_keys)

    people_and_shelves = {"person:7", "person:8", "shelf:5"}
    assert surrogate_keys == {"books", "book:1", "book:2", "book:3", *people_and_shelves} | {
        f"chapter:{number}" for number in (11, 31, 32, 33)
    }


def test_of_nothing_nothing_is_made() -> None:
    surrogate_keys: set[str] = set()

    assert BOOK.unpack([], surrogate_keys) == []
    assert surrogate_keys == set()


def test_other_columns_do_not_show(connection: Connection) -> None:
    fill(connection)

    with_more = BOOK.unpack(found(connection, BOOK, books.c.title, books.c.id), set())

    assert with_more == BOOK.unpack(found(connection, BOOK), set())


def test_no_column_is_selected_twice() -> None:
    assert len({id(column) for column in BOOK.columns}) == len(BOOK.columns)
    assert sum(column is books.c.id for column in BOOK.columns) == 1
    assert sum(column is shelves.c.id for column in BOOK.columns) == 1


def test_the_columns_of_a_flat_row_are_in_its_order() -> None:
    class Flat(TypedDict):
        title: Annotated[str, books.c.title]
        number: Annotated[int, books.c.id]
        again: Annotated[str, books.c.title]

    first, second, third = columns_of(Flat)
    assert first is third is books.c.title
    assert second is books.c.id


def test_a_column_may_be_shown_under_two_names(connection: Connection) -> None:
    class Twice(TypedDict):
        title: Annotated[str, books.c.title]
        name: Annotated[str, books.c.title]
        number: Annotated[int, books.c.id]

    fill(connection)
    shape = RowShape(Twice, Anything)

    first, *_ = shape.unpack(found(connection, shape), set())

    assert first == {"title": "One", "name": "One", "number": 1}


def declared(hint: Any) -> Any:
    return TypedDict("Declared", {"field": hint})  # type: ignore[operator]


REFUSED = {
    "no column": (str, "Declared.field names no column"),
    "a text for a column": (Annotated[str, "title"], "Declared.field names no column"),
    "two columns": (Annotated[str, books.c.title, books.c.id], "Declared.field has more than one"),
    "null with nothing": (WriterRow | None, "Declared.field has to be both"),
    "never null": (Annotated[WriterRow, NullWith(writer.c.id)], "Declared.field has to be both"),
    "a list of nothing": (list[ChapterRow], "Declared.field names no column"),
    "a list of texts": (Annotated[list[str], Many(select())], "Declared.field has `Many"),
    "many in one": (Annotated[ChapterRow, Many(select())], "Declared.field has `Many"),
    "a list or null": (Annotated[list[ChapterRow] | None, Many(select())], "Declared.field has `Many"),
}


@pytest.mark.parametrize(("hint", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_field_that_cannot_be_read_is_refused_at_once(hint: Any, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        RowShape(declared(hint), Anything)
