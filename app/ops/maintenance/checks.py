"""Whether a database is in order."""

import warnings
from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SAWarning

from app.core.database_urls import is_sqlite
from app.db.base import Base
from app.ops.maintenance import id_counters
from app.ops.maintenance.contents import inconsistent_articles, inconsistent_comments
from app.ops.maintenance.counters import wrong_counters
from app.ops.maintenance.findings import Finding
from app.ops.maintenance.histories import damaged_revisions
from app.ops.maintenance.invalid_values import invalid_values
from app.ops.maintenance.references import broken_references
from app.ops.maintenance.schema import head, revision, snapshot, sqlite_path
from app.ops.maintenance.triggers import disabled_triggers
from app.ops.maintenance.write_ahead_log import unreadable_transactions
from app.queue.models import Job
from app.queue.queries import IS_DEAD

# PostgreSQL keeps these to itself: constraints that were never checked, and indexes that are not used.
_UNCHECKED_CONSTRAINTS = """
    SELECT conrelid::regclass::text, format('the constraint %I has never been checked', conname) FROM pg_constraint
    WHERE NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"""
_INVALID_INDEXES = """
    SELECT indrelid::regclass::text, format('the index %s is invalid', indexrelid::regclass) FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT (indisvalid AND indisready) AND relnamespace = current_schema()::regnamespace ORDER BY 1, 2"""
_CHECKS = (
    broken_references,
    disabled_triggers,
    inconsistent_comments,
    wrong_counters,
    inconsistent_articles,
    damaged_revisions,
)


async def check(database_url: str) -> list[Finding]:
    """Everything that is wrong, and some notes; reads a snapshot of the database, which may be in use."""
    on_sqlite = is_sqlite(database_url)
    lost = list(unreadable_transactions(sqlite_path(database_url))) if on_sqlite else []
    async with snapshot(database_url) as connection:
        return lost + await connection.run_sync(lambda sync: list(_check(sync, on_sqlite=on_sqlite)))


def _check(connection: Connection, *, on_sqlite: bool) -> Iterator[Finding]:
    yield from _damage_on_sqlite(connection) if on_sqlite else _damage_on_postgresql(connection)
    found = revision(connection)
    if found != head():
        # Nothing else can be asked of tables that are not as the code knows them.
        yield Finding(check="migrations", problem=f"the schema version is {found or 'none'} instead of {head()}")
        return
    yield from _differing_schema(connection)
    if on_sqlite:
        yield from invalid_values(connection)
    for check_of in _CHECKS:
        yield from check_of(connection)
    yield from _ids_to_be_used_twice(connection)
    yield from _dead_letters(connection)


def _damage_on_sqlite(connection: Connection) -> Iterator[Finding]:
    for sentence in connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars():
        if sentence != "ok":
            yield Finding(check="integrity", problem=str(sentence))


def _damage_on_postgresql(connection: Connection) -> Iterator[Finding]:
    for query in (_UNCHECKED_CONSTRAINTS, _INVALID_INDEXES):
        for table, problem in connection.exec_driver_sql(query).tuples():
            yield Finding(check="integrity", table=table, problem=problem)


def _differing_schema(connection: Connection) -> Iterator[Finding]:
    with warnings.catch_warnings():
        # Of constraints that were never checked, which are found otherwise.
        warnings.simplefilter("ignore", SAWarning)
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    for difference in differences:
        problem = f"the tables differ from the models; missing change: {_described(difference)}"
        yield Finding(check="schema", problem=problem)


def _described(difference: Any) -> str:
    """A schema difference in Alembic's terms: its kind, and the names of what it concerns."""
    parts = difference[0] if isinstance(difference, list) else difference
    names = (getattr(part, "name", part) for part in parts)
    return " ".join(name for name in names if isinstance(name, str))


def _ids_to_be_used_twice(connection: Connection) -> Iterator[Finding]:
    last = id_counters.last_ids(connection)
    for table, highest in id_counters.highest_ids(connection).items():
        if last.get(table, highest) < highest:
            problem = f"the next ID is {last[table] + 1}, although IDs up to {highest} exist"
            yield Finding(check="ids", table=table, problem=problem)


def _dead_letters(connection: Connection) -> Iterator[Finding]:
    dead = select(Job.kind, func.count()).where(IS_DEAD).group_by(Job.kind).order_by(Job.kind)
    for kind, count in connection.execute(dead).tuples():
        yield Finding(kind="note", check="jobs", table="jobs", problem=f"dead letters of the kind {kind}: {count}")
