"""Copies a blog from one database into another; an interruption costs no more than the last batch."""

from collections.abc import Sequence
from contextlib import aclosing

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database_urls import is_sqlite, without_secrets
from app.db.migrations import migration_engine
from app.db.schema_version import HALF_COPIED
from app.ops.maintenance import id_counters, progress, targets
from app.ops.maintenance.invalid_values import invalid_values
from app.ops.maintenance.progress import TableProgress
from app.ops.maintenance.reading import batches
from app.ops.maintenance.references import broken_references
from app.ops.maintenance.schema import (
    MaintenanceRefused,
    head,
    revision,
    row_counts,
    snapshot,
    sqlite_path,
    tables,
)
from app.ops.maintenance.sqlite_files import is_in_use
from app.ops.maintenance.steps import Report, Step
from app.ops.maintenance.table_rows import Row, bound, key_of
from app.ops.maintenance.verification import Comparison, compare


async def copy(source_url: str, target_url: str, report: Report, *, start_over: bool = False) -> list[Comparison]:
    """Copy all rows and compare both databases afterwards; unless they are equal, the copy stays unusable.

    Called again after an interruption, it resumes where it was. Raises `MaintenanceRefused`.
    """
    await require_copyable(source_url, target_url)
    engine = migration_engine(target_url)
    try:
        await targets.prepare(engine, target_url, without_secrets(source_url), start_over=start_over)
        async with snapshot(source_url) as source, engine.connect() as target:
            await _copy_tables(source, target, report)
        # Looked at anew, so that what was changed in the source meanwhile is found.
        async with snapshot(source_url) as source, snapshot(target_url) as target:
            comparisons = await compare(source, target, report)
            last_ids = await source.run_sync(id_counters.last_ids)
        if all(comparison.is_equal for comparison in comparisons):
            await targets.finish(engine, last_ids)
        return comparisons
    finally:
        await engine.dispose()


async def verify(source_url: str, target_url: str, report: Report) -> list[Comparison]:
    """Compare two databases. Raises `MaintenanceRefused` if they cannot be compared."""
    async with snapshot(source_url) as source, snapshot(target_url) as target:
        for connection, url in ((source, source_url), (target, target_url)):
            await _require_head(connection, url)
        return await compare(source, target, report)


async def require_copyable(source_url: str, target_url: str) -> None:
    """Check in advance for anything that would stop a copy halfway. Raises `MaintenanceRefused`."""
    if without_secrets(source_url) == without_secrets(target_url):
        raise MaintenanceRefused("The source and the target are the same database.")
    if is_sqlite(source_url) and is_in_use(sqlite_path(source_url)):
        raise MaintenanceRefused(
            f"{without_secrets(source_url)} is in use. Stop the server first, so that nothing is left behind."
        )
    async with snapshot(source_url) as source:
        await _require_head(source, source_url)
        problems = [f"{found}." for found in await source.run_sync(lambda sync: list(broken_references(sync)))]
        if is_sqlite(source_url):
            problems += [f"{found}." for found in await source.run_sync(lambda sync: list(invalid_values(sync)))]
    if problems:
        raise MaintenanceRefused(
            "\n".join(["Nothing was copied, because other databases would reject these values:", *problems])
        )


async def _require_head(connection: AsyncConnection, url: str) -> None:
    found = await connection.run_sync(revision)
    if found == HALF_COPIED:
        raise MaintenanceRefused(f"{without_secrets(url)} is an unfinished copy. Finish copying into it first.")
    if found != head():
        raise MaintenanceRefused(
            f"The schema version of {without_secrets(url)} is {found or 'none'} instead of {head()}. "
            "Start the server once to migrate it, or run `uv run alembic upgrade head`."
        )


async def _copy_tables(source: AsyncConnection, target: AsyncConnection, report: Report) -> None:
    totals = await source.run_sync(row_counts)
    for table in tables():
        async with target.begin():
            done = await target.run_sync(progress.of_table, table.name)
        report(Step("Copying", table.name, done.rows, totals[table.name]))
        if not done.is_done:
            done = await _copy_table(source, target, table, done, totals[table.name], report)
        report(Step("Copying", table.name, done.rows, totals[table.name], is_last=True))


async def _copy_table(
    source: AsyncConnection, target: AsyncConnection, table: Table, done: TableProgress, total: int, report: Report
) -> TableProgress:
    async with aclosing(batches(source, table, after=done.key)) as parts:
        async for part in parts:
            done = TableProgress(done.rows + len(part), key_of(table, part[-1]))
            async with target.begin():
                await target.run_sync(progress.note, table.name, done)
                await insert(target, table, part)
            report(Step("Copying", table.name, done.rows, total))
    done = TableProgress(done.rows, done.key, is_done=True)
    async with target.begin():
        await target.run_sync(progress.note, table.name, done)
    return done


async def insert(target: AsyncConnection, table: Table, rows: Sequence[Row]) -> None:
    """Store rows as fast as the database accepts them, within the current transaction."""
    values = bound(table, target.dialect, rows)
    names = [column.name for column in table.columns]
    if target.dialect.name == "postgresql":
        driver = (await target.get_raw_connection()).driver_connection
        await driver.copy_records_to_table(table.name, records=values, columns=names)  # type: ignore[union-attr]
        return
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    await target.exec_driver_sql(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', values)  # noqa: S608
