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

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import Select, select

from app.db.compiled_selects import Row
from app.db.row_fields import Column, column_of, fields_of
from app.db.row_unpacking import Unpacking

R = TypeVar("R")


class RowShape(Generic[R]):
    """What to select for rows of one type, and how to make them of what the driver returns.

    `schema` is the response with the same fields; a test compares the two.
    """

    def __init__(self, row: type[R], schema: type[BaseModel]) -> None:
        self.row = row
        self.schema = schema
        unpacking = Unpacking(row)
        self.columns: Sequence[Column] = unpacking.columns
        self._unpack = unpacking.unpack

    def select(self) -> Select[Any]:
        """A select of the columns. More may be added."""
        return select(*self.columns)

    def unpack(self, rows: Sequence[Row], surrogate_keys: set[str]) -> list[R]:
        """The rows that such a select found. The surrogate keys of what they show are added to `surrogate_keys`."""
        return cast(list[R], self._unpack(rows, surrogate_keys))


def columns_of(row: type) -> Sequence[Column]:
    """The columns of a row without objects and lists, one for each field."""
    return [column_of(field) for field in fields_of(row)]
