"""Pages of lists."""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from app.core.schemas.base import Input, Output, SafeStr

T = TypeVar("T")
MAX_LIMIT = 100
MAX_SKIP = 1000

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = Annotated[
    SafeStr,
    Field(max_length=1000, description="`next_cursor` of the page before.", json_schema_extra={"format": "cursor"}),
]


class PageQuery(Input):
    """Which page of a list that is read forwards."""

    limit: Limit = 20
    cursor: Cursor | None = None


class Page(Output, Generic[T]):
    """Some of a list; `next_cursor` leads to the rest and is null at the end."""

    items: list[T]
    next_cursor: str | None


class CountedPage(Output, Generic[T]):
    """Some of a list that is counted."""

    items: list[T]
    total: int
