"""Writing the corpus into a migrated database: COPY on PostgreSQL, `executemany` on SQLite.

Whatever triggers the schema has, the counters are correct afterwards: they are recomputed at the end.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from app.db.migrations import upgrade
from benchmarks.corpus import Size, TableRows, tables

_BATCH = 5_000
# Everything in the corpus is published, so every row counts.
_COUNTERS = {
    ("tags", "article_count"): "SELECT count(*) FROM article_tags WHERE tag_id = tags.id",
    ("users", "article_count"): "SELECT count(*) FROM articles WHERE author_id = users.id",
    ("categories", "article_count"): "SELECT count(*) FROM articles WHERE category_id = categories.id",
    ("articles", "comment_count"): "SELECT count(*) FROM comments WHERE article_id = articles.id",
}


async def fill(url: str, size: Size) -> None:
    """Migrate an empty database to the newest schema and write the corpus into it."""
    await upgrade(url)
    if make_url(url).get_backend_name() == "sqlite":
        _fill_sqlite(str(make_url(url).database), size)
    else:
        await _fill_postgresql(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), size)


def _tag_dates(columns: Collection[tuple[str, str]]) -> list[str]:
    """Those of its dates that the schema keeps with each tag of an article."""
    return [name for name in ("published_at", "listed_at") if ("article_tags", name) in columns]


def _recounts(has_column: Callable[[str, str], bool]) -> list[str]:
    return [
        f"UPDATE {table} SET {column} = ({count}) WHERE {column} <> ({count})"  # noqa: S608 - all of it is above
        for (table, column), count in _COUNTERS.items()
        if has_column(table, column)
    ]


def _fill_sqlite(path: str, size: Size) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        columns = {
            (table, row[1])
            for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for row in connection.execute(f'PRAGMA table_info("{table}")')
        }
        # A corpus that is not finished is thrown away: there is nothing to go back to.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for table in tables(size, _tag_dates(columns)):
            _insert(connection, table)
        for statement in _recounts(lambda table, column: (table, column) in columns):
            connection.execute(statement)
        connection.execute("COMMIT")
        if broken := connection.execute("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError(f"{len(broken)} rows refer to nothing")
        connection.execute("PRAGMA journal_mode=WAL")


def _insert(connection: sqlite3.Connection, table: TableRows) -> None:
    places = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608 - no input
    rows = iter(table.rows)
    while batch := list(islice(rows, _BATCH)):
        connection.executemany(statement, map(_for_sqlite, batch))


def _for_sqlite(row: Sequence[Any]) -> list[Any]:
    """Times as SQLAlchemy stores them."""
    return [f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for value in row]


async def _fill_postgresql(url: str, size: Size) -> None:
    connection = await asyncpg.connect(url, command_timeout=3600)
    try:
        found = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        columns = {(table, column) for table, column in found}
        await _without_triggers(connection)
        for table in tables(size, _tag_dates(columns)):
            await connection.copy_records_to_table(table.name, records=table.rows, columns=table.columns)
        await _statements(connection, _recounts(lambda table, column: (table, column) in columns))
        for name in ("users", "categories", "tags", "articles", "comments"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"  # noqa: S608 - no input
            )
        await _statements(connection, ["VACUUM ANALYZE", "CHECKPOINT"])
    finally:
        await connection.close()


async def _without_triggers(connection: Any) -> None:
    """Disable triggers, which take long for a million rows; the counters are computed anyway. Needs a superuser."""
    try:
        await connection.execute("SET session_replication_role = replica")
    except asyncpg.InsufficientPrivilegeError:
        print("No permission to load without triggers: this takes longer.")


async def _statements(connection: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        await connection.execute(statement)
