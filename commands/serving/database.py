"""Migrates the database to the newest version of the schema before the server starts."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commands.runtime import run

# What takes long to import is imported where it is used, so that --help and refusals come at once.
if TYPE_CHECKING:
    from app.core.config import Settings


def prepare_database(settings: "Settings") -> None:
    """Migrate if necessary; exits with a message if the database cannot be used."""
    # Before anybody opens it: whoever closes it last removes what shows that.
    _warn_of_losses(settings.direct_url)
    if run(settings.direct_url, lambda: _is_newest(settings.direct_url)):
        return
    # In a process of its own: Alembic would stay in the server's memory for good.
    migrating = subprocess.run([sys.executable, "-m", "commands.migrate"], check=False)
    if migrating.returncode:
        raise typer.Exit(migrating.returncode)


def _warn_of_losses(database_url: str) -> None:
    from sqlalchemy.engine import make_url

    from app.core.database_urls import is_sqlite
    from app.ops.maintenance.write_ahead_log import unreadable_transactions

    if not is_sqlite(database_url):
        return
    for finding in unreadable_transactions(Path(make_url(database_url).database or "")):
        typer.echo(f"Warning: {finding}.", err=True)


async def _is_newest(database_url: str) -> bool:
    from sqlalchemy.pool import NullPool

    from app.db.schema_version import is_newest
    from app.db.session import create_engine

    engine = create_engine(database_url, poolclass=NullPool)
    try:
        return await is_newest(engine)
    finally:
        await engine.dispose()
