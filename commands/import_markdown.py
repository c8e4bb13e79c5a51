"""Imports the blog of a static site generator: `uv run python -m commands.import_markdown PATH…`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.runtime import REFUSED, load_settings, opened_database, run
from commands.terminal import start

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
    language: Annotated[
        str, typer.Option(help="The language of posts that don't name one: a tag such as `pt-BR`, or a name.")
    ] = "en",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be done without changing anything.")
    ] = False,
) -> None:
    """Import Markdown posts with front matter: YAML (---), TOML (+++), JSON, or lines of metadata as in Pelican.

    These fields are imported: title; date, or what the generators take for it (publishDate, pubdate, published, the
    date in the file's name, lastmod); author or authors; slug, or the last part of path, url or permalink, or the
    file's name; tags; categories; excerpt, summary or description, or the text above `<!--more-->`; and lang, or the
    language that the file's name or folder names (`index.fr.md`, `content/de/…`). Dates without an offset are in UTC.
    What is too long for the blog is cut, and the report says so.

    What the generator would not publish becomes a draft, and the report says why: drafts, posts without a date or with
    one in the future, expired ones, and those that are hidden by their status, visibility, a password, or options such
    as headless, render and build, also those of a section or folder. An article has one author and one category:
    additional authors are only mentioned in the report, and additional categories become tags. If two posts have the
    same slug, the older one keeps it and the other gets its date appended; a translation leaves it to the original and
    gets its language appended.

    Code between template tags (`{% highlight %}`, `{% codeblock %}`, `{{< highlight >}}`, …) becomes fenced code,
    template comments are left out, `raw` tags are dropped, ids of headings are kept, and kramdown's other
    attributes are removed; all of that outside of Markdown's own code. The report counts it, and names what other
    template code stays as text. Articles that were exported by Colophon come back exactly as they were.

    Posts are assigned to the account with the author's email address, if it is confirmed, or with the author's name or
    username, if it belongs to an author, editor or admin. The report lists these accounts. For other authors, an
    account is created that nobody can log in to, with a number appended if the username is taken. Its owner claims it
    by resetting the password of its email address, which an admin can set.

    You can run the import again at any time, even after an interruption. Posts are recognised by the end of their
    path or, if a file was moved, by their content. Unchanged posts, and articles edited or deleted in the blog since,
    are left alone.

    Exit codes: 0 success, 1 some posts could not be imported (the report says why) or there are none, 2 invalid usage
    or settings, 3 database unusable, 130 interrupted.
    """
    from app.transfer.importing.report import Report

    settings = load_settings()
    report = Report()
    try:
        posts = _read(paths, author, language, report)
        run(settings.database_url, lambda: _store(settings, posts, report, dry_run=dry_run))
    except KeyboardInterrupt:
        typer.echo("Interrupted. The posts reported have been imported; run this again to import the rest.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        for line in report.lines():
            typer.echo(line)
        if dry_run:
            typer.echo("This was a dry run. Nothing has been changed.")
    if not posts:
        typer.echo("No post could be read.", err=True)
    if report.has_errors or not posts:
        raise typer.Exit(REFUSED)


def _read(paths: list[Path], author: str, language: str, report: "Report") -> "list[FilePost]":
    from app.transfer.importing.fields import Author
    from app.transfer.importing.files import files_in
    from app.transfer.importing.importer import read_posts
    from app.transfer.importing.languages import language_of

    by = Author.parsed(author)
    if not by.name:
        raise typer.BadParameter("an author must have a name", param_hint="--author")
    tag = language_of(language)
    if tag is None:
        raise typer.BadParameter("this language is not known", param_hint="--language")
    return read_posts(files_in(paths), by, report, tag)


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
    start(cli)
