import typer

from commands.db.maintaining import maintain
from commands.runtime import load_settings


def render() -> None:
    """Render articles and comments again whose HTML a previous version has made.

    Nothing else of them changes. The blog may be running meanwhile; after an interruption run it again. Exit codes: 0
    success.
    """
    from app.ops.maintenance.rerendering import render_again

    url = load_settings().direct_url
    done = maintain(url, lambda: render_again(url))
    typer.echo(f"Rendered again: articles {done.articles}, comments {done.comments}.")
    if done.kept:
        typer.echo(f"Left as they are, because they can no longer be rendered: {done.kept}.")
