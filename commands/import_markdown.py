"""Brings a blog made with Jekyll, Hugo or Zola here: `uv run python -m commands.import_markdown PATH…`."""

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
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", exists=True, help="Markdown files, or folders.")],
    author: Annotated[
        str, typer.Option(help="Who has written the posts that name no author: a name, or `name <address>`.")
    ] = "Unknown author",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report what would be done, and do nothing.")] = False,
) -> None:
    """Import Markdown posts with YAML (---) or TOML (+++) front matter.

    Taken over are: title, date, author or authors, slug (or the last part of path, url or permalink, or the file's
    name), tags, categories, draft and published, description, and lang. A date without an offset is in UTC; without
    any date, or with one in the future, the post becomes a draft. An article has one author and one category: further
    authors are only named in the report and not stored, and further categories become tags. Of two posts with the
    same slug the older one keeps it, the other gets its date appended.

    Of Jekyll's template language, `highlight` blocks become fenced code and `raw` tags are dropped; the report names
    the posts that have more of it.

    An author is whoever has their address, if it is confirmed, or their username, if that is an author, an editor or
    an admin here; the report lists the accounts that get posts in this way. For the others an account is made, with a
    number after its username if that is taken, that nobody can log in to; whoever owns its address claims it by
    resetting the password. An admin can set the address.

    Run it again at any time, also after an interruption: posts are recognised by the end of their path, or, where a
    file was moved, by what is in it. What has not changed stays as it is, and so does what was edited or deleted in
    the blog since.

    Exit codes: 0 done, 1 some posts could not be imported (the report says why), 2 wrong usage or settings, 3 the
    database cannot be used, 130 interrupted.
    """
    from app.transfer.importing.report import Report

    settings = load_settings()
    report = Report()
    try:
        _import(settings, paths, author, report, dry_run=dry_run)
    except KeyboardInterrupt:
        typer.echo("Interrupted: what is reported has been imported; run this again for the rest.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for line in report.lines():
            typer.echo(line)
        if dry_run:
            typer.echo("This was a dry run: nothing has been changed.")
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
        raise typer.BadParameter("an author needs a name", param_hint="--author") from None
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
