"""Imports a Jekyll, Hugo or Zola blog: `uv run python -m commands.import_markdown PATH…`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.runtime import REFUSED, load_settings, opened_database, run

if TYPE_CHECKING:
    from app.core.config import Settings
    from app.transfer.importing.importer import FilePost
    from app.transfer.importing.report import Report

INTERRUPTED = 130

cli = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@cli.command()
def import_markdown(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", exists=True, help="Markdown files or folders.")],
    author: Annotated[
        str, typer.Option(help="The author of posts that don't name one: a name, or `name <email>`.")
    ] = "Unknown author",
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be done without changing anything.")
    ] = False,
) -> None:
    """Import Markdown posts with YAML (---) or TOML (+++) front matter.

    These fields are imported: title, date, author or authors, slug (or the last part of path, url or permalink, or
    the file name), tags, categories, draft and published, description, and lang. Dates without an offset are in UTC.
    A post without a date, or with one in the future, becomes a draft. An article has one author and one category:
    additional authors are only mentioned in the report, and additional categories become tags. If two posts have the
    same slug, the older one keeps it and the other gets its date appended.

    Jekyll's `highlight` blocks become fenced code, and `raw` tags are dropped. The report names posts that contain
    other template code.

    Posts are assigned to the account with the author's email address, if it is confirmed, or with the author's name or
    username, if it belongs to an author, editor or admin. The report lists these accounts. For other authors, an
    account is created that nobody can log in to, with a number appended if the username is taken. Its owner claims it
    by resetting the password of its email address, which an admin can set.

    You can run the import again at any time, even after an interruption. Posts are recognised by the end of their
    path or, if a file was moved, by their content. Unchanged posts, and articles edited or deleted in the blog since,
    are left alone.

    Exit codes: 0 success, 1 some posts could not be imported (the report says why), 2 invalid usage or settings,
    3 database unusable, 130 interrupted.
    """
    from app.transfer.importing.report import Report

    settings = load_settings()
    report = Report()
    try:
        _import(settings, paths, author, report, dry_run=dry_run)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The posts reported have been imported; run this again to import the rest.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for line in report.lines():
            typer.echo(line)
        if dry_run:
            typer.echo("This was a dry run. Nothing has been changed.")
    if report.has_errors:
        raise typer.Exit(REFUSED)


def _import(settings: "Settings", paths: list[Path], author: str, report: "Report", *, dry_run: bool) -> None:
    from app.transfer.importing.fields import Author
    from app.transfer.importing.files import files_in
    from app.transfer.importing.front_matter import BadPost
    from app.transfer.importing.importer import read_posts

    try:
        by = Author.parsed(author)
    except BadPost:
        raise typer.BadParameter("an author must have a name", param_hint="--author") from None
    posts = read_posts(files_in(paths), by, report)
    run(settings.database_url, lambda: _store(settings, posts, report, dry_run=dry_run))


async def _store(settings: "Settings", posts: "list[FilePost]", report: "Report", *, dry_run: bool) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from app.transfer.importing.importer import PostImporter

    console = Console(stderr=True)
    async with opened_database(settings) as database:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Importing", total=len(posts))
            importer = PostImporter(database, settings, report, dry_run=dry_run)
            await importer.run(posts, lambda: progress.advance(task))


if __name__ == "__main__":
    cli()
