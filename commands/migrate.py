"""Migrates the database to the latest schema version. The server does this itself when it starts."""

import typer

from commands.runtime import load_settings, run

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def migrate() -> None:
    """Migrate the database to the latest schema version. If a migration fails, the database stays as it was."""
    settings = load_settings()

    from alembic.util import CommandError

    from app.db.migrations import upgrade

    run(settings.direct_url, lambda: upgrade(settings.direct_url), CommandError)


if __name__ == "__main__":
    cli()
