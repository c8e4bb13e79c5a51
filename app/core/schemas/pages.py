"""Pages of lists."""

from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, Field, StrictInt

from app.core.schemas.base import Input, Output, SafeStr, number_in_text

T = TypeVar("T")
MAX_LIMIT = 100
MAX_SKIP = 1000

Limit = Annotated[StrictInt, Field(ge=1, le=MAX_LIMIT, description="The maximum number of items."), number_in_text]
Cursor = Annotated[
    SafeStr,
    Field(
        max_length=1000, description="The `next_cursor` of the previous page.", json_schema_extra={"format": "cursor"}
    ),
]


class PageQuery(Input):
    """Which page of a list to return."""

    limit: Limit = 20
    # Where a form leaves it empty, or a client's loop begins with an empty one, the list begins.
    cursor: Annotated[Cursor | None, BeforeValidator(lambda value: value or None)] = None


class Page(Output, Generic[T]):
    """A page of a list. `next_cursor` leads to the next page and is null on the last one."""

    items: list[T]
    next_cursor: str | None = Field(examples=["WzQyXQ"])


class CountedPage(Output, Generic[T]):
    """A page of a list, with the total number of items."""

    items: list[T]
    total: int = Field(examples=[1])
