from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from app.core.sizes import size_of
from commands.db.checking import report
from commands.db.maintaining import maintain
from commands.db.progress import page_progress
from commands.output import print_table
from commands.runtime import load_settings, refuse

if TYPE_CHECKING:
    from app.core.config import Settings
    from app.ops.maintenance.findings import Finding
    from app.ops.maintenance.restoring import Restored

_NOT_IN_IT = """The backup does not include the settings. Back up .env as well, but in a different place: without its
secrets, authenticator apps stop working, and anyone who has the secrets can log in as anyone."""


def backup(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]",
            dir_okay=False,
            help="The file to write; without it, one in BACKUP_DIR.",
            show_default=False,
        ),
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Back up the whole database to one file, even while the blog is running.

    On SQLite the file is itself a database; on PostgreSQL it is a dump in the custom format, made with `pg_dump`. The
    file only gets its name once it is complete and verified, and only its owner can read it.

    Without PATH a backup is made as the server makes one every night: into BACKUP_DIR, verified as by `check`, and only
    BACKUP_KEEP of them stay.
    """
    settings = load_settings()
    if path is None:
        _back_up_as_every_night(settings)
        return
    url = settings.direct_url
    started = perf_counter()
    counts = maintain(url, lambda: _backup(url, path, force=force))
    seconds = perf_counter() - started
    typer.echo(f"Wrote {path}: {size_of(path.stat().st_size)} in {seconds:.1f} s.")
    print_table(("Table", "Rows"), list(counts.items()))
    typer.echo(_NOT_IN_IT)


def _back_up_as_every_night(settings: "Settings") -> None:
    from app.ops.backups.folder import backup_folder
    from app.ops.backups.making import make_backup

    folder = backup_folder(settings)
    if folder is None:
        refuse("There is no folder for backups. Name a file, or set BACKUP_DIR, and BACKUP_KEEP to more than 0.")
    made = maintain(settings.direct_url, lambda: make_backup(folder))
    if made is None:
        refuse("Somebody else is making a backup.")
    typer.echo(f"Wrote {made.path}: {size_of(made.size)} in {made.seconds:.1f} s.")
    typer.echo(_NOT_IN_IT)
    report(made.findings)


async def _backup(url: str, path: Path, *, force: bool) -> dict[str, int]:
    from app.core.database_urls import is_sqlite
    from app.ops.maintenance import postgresql_dumps, sqlite_files
    from app.ops.maintenance.schema import sqlite_path

    if not is_sqlite(url):
        return await postgresql_dumps.backup(url, path, replace=force)
    with page_progress() as advance:
        return sqlite_files.backup(sqlite_path(url), path, advance, replace=force)


def restore(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", exists=True, dir_okay=False, help="A file written by `backup`.", show_default=False
        ),
    ],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace existing data.")] = False,
) -> None:
    """Restore the database from a backup. Stop the server first.

    Existing data is only replaced with `--replace`, after confirmation, and is kept: on SQLite as a file next to the
    database, on PostgreSQL as another schema of the same database. The restored database is migrated to the latest
    schema version and checked.
    """
    url = load_settings().direct_url
    _undo_interrupted(url)
    _ask_before_replacing(url, replace=replace)
    restored = maintain(url, lambda: _restore(url, path))
    if restored.kept:
        typer.echo(f"The previous data is kept as {restored.kept}.")
    print_table(("Table", "Rows"), list(restored.counts.items()))
    report(maintain(url, lambda: _check(url)))


def _undo_interrupted(url: str) -> None:
    from app.ops.maintenance.restoring import undo_interrupted

    if maintain(url, lambda: undo_interrupted(url)):
        typer.echo("The last restore was interrupted. The data from before it is back.")


def _ask_before_replacing(url: str, *, replace: bool) -> None:
    from sqlalchemy.engine import make_url

    from app.ops.maintenance.restoring import has_rows

    if not maintain(url, lambda: has_rows(url)):
        return
    if not replace:
        refuse("The database is not empty. Use --replace to replace its data.")
    name = Path(make_url(url).database or "").name
    typed = typer.prompt(
        f"All data in {name} will be replaced. Type {name} to continue", default="", show_default=False
    )
    if typed != name:
        refuse("The name does not match. Nothing was changed.")


async def _restore(url: str, path: Path) -> "Restored":
    from app.ops.maintenance.restoring import restore as put_in_place

    return await put_in_place(url, path)


async def _check(url: str) -> "list[Finding]":
    from app.ops.maintenance.checks import check

    return await check(url)
