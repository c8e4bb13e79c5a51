from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from commands.db.maintaining import maintain, stop_at_once_when_interrupted
from commands.db.progress import table_progress
from commands.output import print_table
from commands.runtime import UNUSABLE_SETTINGS, refuse

if TYPE_CHECKING:
    from app.ops.maintenance.verification import Comparison


def copy(
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="The database to copy, as in DATABASE_URL.", show_default=False)
    ],
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="A new or empty database to copy into.", show_default=False)
    ],
    *,
    start_over: Annotated[bool, typer.Option("--start-over", help="Discard an unfinished copy in the target.")] = False,
    verify_only: Annotated[
        bool, typer.Option("--verify-only", help="Only compare the two databases; copy nothing.")
    ] = False,
) -> None:
    """Copy the blog to another database, in any direction between SQLite and PostgreSQL.

    Stop the server first. If the copy is interrupted, run the same command again to resume it. No server starts on the
    target until all rows of both databases have been compared and are identical.

    A password in a URL is visible to other users of the same machine. Leave it out and set PGPASSWORD instead.
    """
    source, target = _usable(source, "--from"), _usable(target, "--to")
    started = perf_counter()
    if verify_only:
        comparisons = maintain(target, lambda: _verify(source, target))
    else:
        stop_at_once_when_interrupted("Run the same command again to resume.")
        comparisons = maintain(target, lambda: _copy(source, target, start_over=start_over))
    _print(comparisons)
    differing = [comparison.table for comparison in comparisons if not comparison.is_equal]
    if differing:
        advice = "" if verify_only else " Was the source changed meanwhile? Stop the server and use --start-over."
        refuse(f"The databases differ in {', '.join(differing)}.{advice}")
    rows = sum(comparison.source.rows for comparison in comparisons)
    seconds = perf_counter() - started
    done = "compared" if verify_only else "copied and compared"
    typer.echo(f"The databases are identical: {rows:,} rows {done} in {seconds:.1f} s, {rows / seconds:,.0f} rows/s.")


def _usable(url: str, option: str) -> str:
    from app.core.database_urls import usable_database_url

    try:
        return usable_database_url(url)
    except ValueError as error:
        refuse(f"{option} {error}.", code=UNUSABLE_SETTINGS)


async def _copy(source: str, target: str, *, start_over: bool) -> "list[Comparison]":
    from app.ops.maintenance.copying import copy as copy_database

    with table_progress() as report:
        return await copy_database(source, target, report, start_over=start_over)


async def _verify(source: str, target: str) -> "list[Comparison]":
    from app.ops.maintenance.copying import verify

    with table_progress() as report:
        return await verify(source, target, report)


def _print(comparisons: "list[Comparison]") -> None:
    print_table(
        ("Table", "Source rows", "Target rows", "Source checksum", "Target checksum", "Differing"),
        [
            (
                *(comparison.table, comparison.source.rows, comparison.target.rows),
                *(comparison.source.checksum, comparison.target.checksum),
                ", ".join("#" + "/".join(map(str, key)) for key in comparison.differing),
            )
            for comparison in comparisons
        ],
    )
