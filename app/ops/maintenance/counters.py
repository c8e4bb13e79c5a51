"""Stored counts and dates that are derived from other rows, and whether they are still correct."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, func, select, text, update

import app.hooks  # noqa: F401 - fills the metadata
from app.cache.keys import EVERYTHING
from app.db.base import Base
from app.db.changes.broadcast import broadcast
from app.db.changes.tracking import InvalidationBus
from app.db.session import open_database
from app.ops.maintenance.findings import MAX_SHOWN_ROWS, Finding

_TABLES = Base.metadata.tables


@dataclass(frozen=True)
class Counter:
    """A column, and the value that it should have."""

    column: Column[Any]
    expected: ColumnElement[Any]

    @property
    def table(self) -> Table:
        return self.column.table

    @property
    def is_wrong(self) -> ColumnElement[bool]:
        return self.column.is_distinct_from(self.expected)


def wrong_counters(connection: Connection) -> Iterator[Finding]:
    """Rows whose counters are wrong."""
    for counter in _counters():
        keys = counter.table.primary_key
        wrong = select(*keys).where(counter.is_wrong)
        count = connection.scalar(select(func.count()).select_from(wrong.subquery())) or 0
        if count:
            rows = connection.execute(wrong.order_by(*keys).limit(MAX_SHOWN_ROWS)).tuples().all()
            yield Finding(
                check="counters",
                table=counter.table.name,
                problem=f"{counter.column.name} is wrong",
                count=count,
                rows=["/".join(map(str, row)) for row in rows],
            )


async def repair_counters(database_url: str) -> int:
    """Correct wrong counters, and nothing else; returns the number of rows. The blog may be running meanwhile."""
    database = open_database(database_url)
    try:
        async with database.engine.begin() as connection:
            return await connection.run_sync(_repair)
    finally:
        await database.dispose()


def _repair(connection: Connection) -> int:
    counters = _counters()
    if connection.dialect.name == "postgresql":
        # What others are just counting would otherwise be counted twice, or not at all.
        names = ", ".join(sorted({counter.table.name for counter in counters} | {"comments"}))
        connection.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
    repaired = 0
    for counter in counters:
        statement = update(counter.table).where(counter.is_wrong).values({counter.column: counter.expected})
        repaired += connection.execute(statement.values(_unchanged(counter.table))).rowcount
    if repaired:
        broadcast(connection, InvalidationBus().next_message_id(), [EVERYTHING])
    return repaired


def _unchanged(table: Table) -> dict[str, Any]:
    """Keep `updated_at`: correcting a counter is not a change to the row."""
    return {"updated_at": table.c.updated_at} if "updated_at" in table.c else {}


def _counters() -> list[Counter]:
    articles, comments, article_tags = _TABLES["articles"], _TABLES["comments"], _TABLES["article_tags"]
    is_public = and_(articles.c.status == "published", articles.c.deleted_at.is_(None))
    written = select(func.count()).where(comments.c.article_id == articles.c.id, comments.c.deleted_at.is_(None))
    tagged = select(func.count()).select_from(article_tags.join(articles)).where(is_public)
    published_at = select(articles.c.published_at).where(articles.c.id == article_tags.c.article_id, is_public)
    return [
        # First: the database counts the articles of a tag by it, also when it is repaired.
        _counter("article_tags", "published_at", published_at),
        _counter("articles", "comment_count", written),
        _counter("tags", "article_count", tagged.where(article_tags.c.tag_id == _TABLES["tags"].c.id)),
        *(
            _counter(name, "article_count", _of_articles(is_public, articles.c[reference] == _TABLES[name].c.id))
            for name, reference in (("users", "author_id"), ("categories", "category_id"))
        ),
    ]


def _of_articles(*conditions: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.count()).select_from(_TABLES["articles"]).where(*conditions)


def _counter(table: str, column: str, expected: Select[Any]) -> Counter:
    return Counter(_TABLES[table].c[column], expected.correlate(_TABLES[table]).scalar_subquery())
