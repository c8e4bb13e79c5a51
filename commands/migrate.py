"""Migrates the database to the latest schema version. The server does this itself when it starts."""

from typing import TYPE_CHECKING

import typer

from app.core.sizes import size_of
from commands.db.maintaining import maintain
from commands.runtime import load_settings, refuse, run
from commands.terminal import start

if TYPE_CHECKING:
    from app.core.config import Settings

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def migrate() -> None:
    """Migrate the database to the latest schema version. If a migration fails, the database stays as it was.

    On SQLite a backup is made first, into BACKUP_DIR; if that fails, nothing is migrated. BACKUP_KEEP=0 makes none.
    """
    settings = load_settings()

    from alembic.util import CommandError

    from app.db.migrations import upgrade

    maintain(settings.direct_url, lambda: _require_restored(settings.direct_url))
    maintain(settings.direct_url, lambda: _back_up(settings))
    run(settings.direct_url, lambda: upgrade(settings.direct_url), CommandError)


async def _require_restored(url: str) -> None:
    from app.ops.maintenance.restoring import is_half_restored

    # What looks like an empty database would become an empty blog.
    if await is_half_restored(url):
        refuse(
            "A restore of this database was interrupted, or is still running. Run `commands.db restore` again: "
            "it brings the previous data back first."
        )


async def _back_up(settings: "Settings") -> None:
    from app.ops.backups.folder import backup_folder
    from app.ops.backups.making import make_backup, version_to_back_up
    from app.ops.maintenance.schema import MaintenanceRefused

    folder = backup_folder(settings)
    version = await version_to_back_up(settings.direct_url) if folder else None
    if folder is None or version is None:
        return
    try:
        made = await make_backup(folder, before_migration=version)
    except MaintenanceRefused as error:
        refuse(f"{error} Nothing was migrated. Set BACKUP_DIR to another folder, or BACKUP_KEEP=0 for no backups.")
    if made is not None:
        typer.echo(f"Backed up to {made.path} before the migration: {size_of(made.size)} in {made.seconds:.1f} s.")


if __name__ == "__main__":
    start(cli)
