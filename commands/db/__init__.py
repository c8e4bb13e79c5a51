"""Looks after the database as a whole: `uv run python -m commands.db …`."""

import typer

from commands.db.checking import check
from commands.db.copying import copy
from commands.db.saving import backup, restore

_HELP = """Check, save, restore and move the database.

Exit codes: 0 done, 1 refused, or something is not in order, 2 wrong usage or settings, 3 the database cannot be used,
130 interrupted.
"""
cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
for command in (check, backup, restore, copy):
    cli.command()(command)
