"""Brings the database to the newest version of the schema; the server does it by itself when it starts."""

import typer

from commands.runtime import load_settings, run

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def migrate() -> None:
    """Bring the database to the newest version of the schema, or leave it as it was if that fails."""
    settings = load_settings()

    from alembic.util import CommandError

    from app.db.migrations import upgrade

    run(settings.direct_url, lambda: upgrade(settings.direct_url), CommandError)


if __name__ == "__main__":
    cli()
