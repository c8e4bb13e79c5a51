"""Manages the database as a whole: `uv run python -m commands.db …`."""

import typer

from commands.db.backing_up import backup, restore
from commands.db.checking import check
from commands.db.copying import copy
from commands.db.rendering import render

_HELP = """Check, back up, restore and copy the database, and render what is in it.

Exit codes: 0 success, 1 refused or problems found, 2 invalid usage or settings, 3 database unusable, 130 interrupted.
"""
cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
for command in (check, backup, restore, copy, render):
    cli.command()(command)
