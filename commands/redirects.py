"""Manages redirects: `uv run python -m commands.redirects …`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import print_json, print_table
from commands.runtime import carry_out, load_settings, problem_sentence, refuse, validated
from commands.terminal import start

if TYPE_CHECKING:
    from app.container import Services
    from app.content.schemas.redirect_files import RedirectFile
    from app.content.schemas.redirects import RedirectOut

_HELP = """Manage redirects, which lead from addresses that are no more to where things are now.

Exit codes: 0 success, 1 refused (redirect not found, invalid or leading in a circle), 2 invalid usage or settings,
3 database unusable.
"""
_COLUMNS = ("ID", "From", "Match", "To", "Status", "Hits", "Last hit (UTC)", "Note")
_PAGE = 100

cli = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Source = Annotated[str, typer.Argument(metavar="PATH", help="A path, such as /2019/old-post.html.", show_default=False)]
Prefix = Annotated[bool, typer.Option("--prefix", help="The path and everything below it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


@cli.command("list")
def list_redirects(
    text: Annotated[str | None, typer.Argument(help="Part of a path, target or note.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of redirects.")] = 50,
    *,
    as_json: Json = False,
) -> None:
    """List redirects by their paths."""
    found = carry_out(load_settings(), lambda services: _first(services, text, limit))
    if as_json:
        print_json(found)
    elif found:
        print_table(_COLUMNS, map(_row, found))


async def _first(services: "Services", text: str | None, limit: int) -> "list[RedirectOut]":
    from app.content.schemas.redirects import RedirectListQuery

    found: list[RedirectOut] = []
    cursor: str | None = None
    while len(found) < limit:
        query = validated(RedirectListQuery, q=text, limit=min(_PAGE, limit - len(found)), cursor=cursor)
        page = await services.content.redirects.list(query)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def _row(redirect: "RedirectOut") -> list[object]:
    last = f"{redirect.last_hit_at:%Y-%m-%d %H:%M:%S}" if redirect.last_hit_at else ""
    where = (redirect.source, redirect.match.value, redirect.target or "")
    return [redirect.id, *where, redirect.status, redirect.hits, last, redirect.note]


@cli.command()
def add(
    source: Source,
    target: Annotated[
        str | None,
        typer.Argument(help="A path of the site or a URL. Leave it out with --status 410.", show_default=False),
    ] = None,
    *,
    prefix: Prefix = False,
    status: Annotated[int, typer.Option(help="301, 302, 307, 308, or 410 for what is gone.")] = 308,
    note: Annotated[str | None, typer.Option(help="What it is for.", show_default=False)] = None,
) -> None:
    """Add a redirect."""
    from app.content.schemas.redirects import RedirectInput

    data = validated(RedirectInput, source=source, match=_match(prefix=prefix), target=target, status=status, note=note)
    added = carry_out(load_settings(), lambda services: services.content.redirects.create(None, data))
    typer.echo(f"{added.source} leads to {added.target}." if added.target else f"{added.source} is gone.")


@cli.command()
def remove(source: Source, *, prefix: Prefix = False) -> None:
    """Remove the redirect from a path."""
    from app.content.schemas.redirects import RedirectInput

    # By the same rules as when it was added.
    gone = validated(RedirectInput, source=source, match=_match(prefix=prefix), status=410)
    carry_out(load_settings(), lambda services: services.content.redirects.delete_from(None, gone.source, gone.match))
    typer.echo(f"{gone.source} leads nowhere any more.")


@cli.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A CSV file.")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be done without changing anything.")
    ] = False,
) -> None:
    """Import redirects from CSV with the columns source, match, target, status and note.

    Each replaces the redirect from the same path, and others stay. If a line is wrong, nothing is imported.
    """
    settings = load_settings()
    lines = _read(file).root
    done = carry_out(settings, lambda services: services.content.redirect_files.load(None, lines, dry_run=dry_run))
    typer.echo(f"{done.created} created, {done.changed} changed, {done.unchanged} unchanged.")
    if dry_run:
        typer.echo("This was a dry run. Nothing has been changed.")


def _read(file: Path) -> "RedirectFile":
    from pydantic import ValidationError

    from app.content.schemas.redirect_files import RedirectFile

    try:
        return RedirectFile.model_validate(file.read_bytes())
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror}.")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        refuse("\n".join(problem_sentence(problem["loc"], problem["msg"]) for problem in problems))


@cli.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", dir_okay=False, help="Where to write.", show_default=False)
    ] = None,
) -> None:
    """Export all redirects as CSV, to a file or to standard output."""
    text = carry_out(load_settings(), lambda services: services.content.redirect_files.export())
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        refuse(f"{file} cannot be written: {error.strerror}.")


def _match(*, prefix: bool) -> str:
    return "prefix" if prefix else "exact"


if __name__ == "__main__":
    start(cli)
