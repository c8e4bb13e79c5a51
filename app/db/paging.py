"""Fetching one page of a list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.schemas.pages import PageQuery
from app.db.compiled_selects import CompiledSelect, Rows
from app.db.cursors import decode_cursor, encode_cursor
from app.db.keyset import Order, size_for

T = TypeVar("T")


@dataclass(frozen=True)
class PageResult(Generic[T]):
    """Some items of a list, and the cursor of the next page."""

    items: Sequence[T]
    next_cursor: str | None


async def fetch_page(
    session: AsyncSession, statement: Select[Any], order: Order, page: PageQuery, skip: int = 0
) -> PageResult[Row[Any]]:
    """The rows of one page. Raises `InvalidCursor`."""
    if page.cursor is not None:
        statement = statement.where(order.after(decode_cursor(page.cursor, order.name, order.types)))
    statement = order.added_to(order.sort(statement)).limit(page.limit + 1).offset(skip or None)
    rows = (await session.execute(statement)).all()
    if len(rows) <= page.limit:
        return PageResult(rows, None)
    rows = rows[: page.limit]
    return PageResult(rows, encode_cursor(order.name, order.values(rows[-1])))


async def read_page(
    rows: Rows,
    listing: Callable[[bool, int], CompiledSelect],
    order: Order,
    page: PageQuery,
    parameters: Mapping[str, Any],
) -> PageResult[Sequence[Any]]:
    """The rows of one page of a compiled listing. Raises `InvalidCursor`.

    `listing` makes the select, given whether there is a cursor and the size; the order is `added_to` it.
    """
    bound = dict(parameters)
    if page.cursor is not None:
        bound |= order.bound(decode_cursor(page.cursor, order.name, order.types))
    found = await rows.fetch(listing(page.cursor is not None, size_for(page.limit)), bound)
    if len(found) <= page.limit:
        return PageResult(found, None)
    found = found[: page.limit]
    return PageResult(found, encode_cursor(order.name, order.values(found[-1])))


def empty_page(order: Order, page: PageQuery) -> PageResult[Any]:
    """An empty page of a list. Raises `InvalidCursor`."""
    if page.cursor is not None:
        decode_cursor(page.cursor, order.name, order.types)
    return PageResult([], None)


async def fetch_entities(
    session: AsyncSession, statement: Select[Any], order: Order, page: PageQuery, skip: int = 0
) -> PageResult[Any]:
    """Like `fetch_page`, for a statement that selects one entity."""
    rows = await fetch_page(session, statement, order, page, skip)
    return PageResult([row[0] for row in rows.items], rows.next_cursor)
