"""Output of commands: tables for people, one JSON object per line for scripts."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel

# Wide enough that no line is broken where nobody looks at it.
_WIDTH_OF_A_PIPE = 1000


def print_json(models: "Iterable[BaseModel]") -> None:
    """One JSON object per line, in ASCII."""
    for model in models:
        typer.echo(json.dumps(model.model_dump(mode="json")))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; nothing in it can send control sequences to the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_A_PIPE)
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)


def printable(value: object) -> str:
    """Replace unprintable characters: names of devices and people may contain anything, even control characters."""
    if value is None:
        return ""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in str(value))
